//! What a record is called in Redis: `prism:{<namespace>}:<key>`.
//!
//! The braces keep a namespace on one node where Redis hashes by what is between them.

use keyvalue_store::{Key, Namespace};

/// The name of a record.
pub(crate) fn record(namespace: &Namespace, key: &Key) -> Vec<u8> {
    [&prefix(namespace), key.as_str()].concat().into_bytes()
}

/// The pattern that all names of a namespace match, and no other.
///
/// Nothing of it has to be escaped: no character that a namespace may have is special in a pattern.
pub(crate) fn pattern(namespace: &Namespace) -> String {
    prefix(namespace) + "*"
}

fn prefix(namespace: &Namespace) -> String {
    format!("prism:{{{namespace}}}:")
}

#[cfg(test)]
mod tests {
    use keyvalue_store::contract::{key, namespace};

    use super::*;

    /// The key follows as it is, whatever is in it.
    #[test]
    fn names_carry_namespace_and_key() {
        let name = record(&namespace("orders"), &key("a}:*\n\0é"));

        assert_eq!(name, "prism:{orders}:a}:*\n\0é".as_bytes());
    }

    /// A pattern's only special character is its last.
    #[test]
    fn a_pattern_is_literal_but_for_its_end() {
        let allowed = "0123456789abcdefghijklmnopqrstuvwxyz-";
        let pattern = pattern(&namespace(allowed));

        assert_eq!(pattern, format!("prism:{{{allowed}}}:*"));
        assert_eq!(
            pattern.find(['*', '?', '[', ']', '\\', '^']),
            Some(pattern.len() - 1)
        );
    }
}
