//! How far somebody has led the runner.

use super::Refusal;

/// ## Registered => Initialized => Started
///
/// Each who leads the runner has a phase of its own. Initialize and Start may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Phase {
    #[default]
    Registered,
    Initialized,
    Started,
}

impl Phase {
    pub(super) fn initialize(&mut self) {
        if *self == Self::Registered {
            *self = Self::Initialized;
        }
    }

    pub(super) fn start(&mut self) -> Result<(), Refusal> {
        if *self == Self::Registered {
            return Err(Refusal::OutOfOrder("Start comes after Initialize"));
        }
        *self = Self::Started;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Starting needs initializing, and both may be said twice.
    #[test]
    fn the_order_is_kept() {
        let mut phase = Phase::default();

        assert!(phase.start().is_err());
        phase.initialize();
        assert_eq!(phase.start(), Ok(()));
        phase.initialize();
        assert_eq!(phase, Phase::Started);
        assert_eq!(phase.start(), Ok(()));
    }
}
