//! How a store is, for whoever has to say so.

/// How a store is; one in memory is always well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// It does what it is asked.
    Well,
    /// It answers, and refuses some of what it is asked, and why.
    Ailing(String),
    /// It can't be reached, and why.
    Away(String),
}
