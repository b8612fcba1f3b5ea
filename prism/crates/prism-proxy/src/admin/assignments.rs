//! What the admin assigned, each in its version: which telling changes what.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use prism_api::prism::NamespaceConfig;

/// A namespace as the admin assigned it.
#[derive(Clone, PartialEq)]
pub(super) struct Assignment {
    pub(super) namespace: Box<str>,
    pub(super) version: i64,
    pub(super) content: Content,
}

/// What an assignment says of its namespace; the proxy keeps it to tell a repeat from a contradiction.
#[derive(Clone, PartialEq)]
pub(super) struct Content {
    pub(super) partition: i32,
    pub(super) config: NamespaceConfig,
}

impl fmt::Debug for Assignment {
    /// Without the configuration, which holds credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} v{}", self.namespace, self.version)
    }
}

/// What an assignment changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// The namespace was not held before.
    Anew,
    /// It was held; it is in the newer version now, if this was one.
    Again,
}

/// Other content under a version that is held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("version {version} of namespace {namespace} is held with other content")]
pub(super) struct Contradiction {
    pub(super) namespace: Box<str>,
    pub(super) version: i64,
}

/// Every namespace that is held.
#[derive(Debug, Default)]
pub(super) struct Assignments {
    held: BTreeMap<Box<str>, Assignment>,
    /// Revoked since the proxy last began to register.
    revoked: HashSet<Box<str>>,
}

impl Assignments {
    /// Takes an assignment; a version older than the one held changes nothing, and is no error.
    pub(super) fn take(&mut self, assignment: Assignment) -> Result<Taken, Contradiction> {
        let Some(held) = self.held.get_mut(&assignment.namespace) else {
            self.held.insert(assignment.namespace.clone(), assignment);
            return Ok(Taken::Anew);
        };
        if held.version == assignment.version && held.content != assignment.content {
            return Err(Contradiction {
                namespace: assignment.namespace,
                version: assignment.version,
            });
        }
        if held.version < assignment.version {
            *held = assignment;
        }
        Ok(Taken::Again)
    }

    /// Lets go of a namespace; false if it is not held.
    pub(super) fn let_go(&mut self, namespace: &str) -> bool {
        if self.held.remove(namespace).is_none() {
            return false;
        }
        self.revoked.insert(namespace.into());
        true
    }

    /// Notes that the proxy begins to register: from here on the answer may be overtaken.
    pub(super) fn begin_registration(&mut self) {
        self.revoked.clear();
    }

    /// Takes the answer to a registration; returns the namespaces that were not held before.
    ///
    /// What is held and is not in the answer stays. The answer may be cut short where it would be too long, and
    /// what the admin does not want any more it revokes, by its own books or once a heartbeat has told it.
    /// What was revoked after the registration was sent stays so: the answer may have been written before.
    pub(super) fn welcome(&mut self, told: Vec<Assignment>) -> Vec<Box<str>> {
        let mut anew = Vec::new();
        for assignment in told {
            if self.revoked.contains(&assignment.namespace) && !self.holds(&assignment.namespace) {
                continue;
            }
            let namespace = assignment.namespace.clone();
            match self.take(assignment) {
                Ok(Taken::Anew) => anew.push(namespace),
                Ok(Taken::Again) => {}
                Err(contradiction) => {
                    tracing::warn!(%contradiction, "the admin contradicts itself");
                }
            }
        }
        anew
    }

    fn holds(&self, namespace: &str) -> bool {
        self.held.contains_key(namespace)
    }

    /// How many are held.
    pub(super) fn count(&self) -> usize {
        self.held.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assignment(namespace: &str, version: i64) -> Assignment {
        Assignment {
            namespace: namespace.into(),
            version,
            content: Content {
                partition: 7,
                config: NamespaceConfig::default(),
            },
        }
    }

    fn other(namespace: &str, version: i64) -> Assignment {
        let mut other = assignment(namespace, version);
        let note = ("owner".to_owned(), "team-2".to_owned());
        other.content.config.metadata.extend([note]);
        other
    }

    fn holding(assigned: &[Assignment]) -> Assignments {
        let mut assignments = Assignments::default();
        for each in assigned {
            assignments.take(each.clone()).unwrap();
        }
        assignments
    }

    /// The first telling takes a namespace, a repeat changes nothing.
    #[test]
    fn a_repeat_changes_nothing() {
        let mut assignments = Assignments::default();

        assert_eq!(assignments.take(assignment("a", 3)), Ok(Taken::Anew));
        assert_eq!(assignments.take(assignment("a", 3)), Ok(Taken::Again));
        assert_eq!(assignments.count(), 1);
    }

    /// A newer version replaces the one held, an older one does not.
    #[test]
    fn only_a_newer_version_replaces() {
        let mut assignments = holding(&[assignment("a", 3)]);

        assert_eq!(assignments.take(other("a", 2)), Ok(Taken::Again));
        assert_eq!(assignments.take(assignment("a", 3)), Ok(Taken::Again));
        assert_eq!(assignments.take(other("a", 4)), Ok(Taken::Again));
        assert_eq!(assignments.take(other("a", 4)), Ok(Taken::Again));
    }

    /// Another content under the version that is held is refused, and the one held stays.
    #[test]
    fn other_content_under_a_version_is_refused() {
        let mut assignments = holding(&[assignment("a", 3)]);
        let mut elsewhere = assignment("a", 3);
        elsewhere.content.partition = 8;

        for contradicting in [other("a", 3), elsewhere] {
            let refused = assignments.take(contradicting).unwrap_err();
            assert_eq!(refused.version, 3);
        }
        assert_eq!(assignments.take(assignment("a", 3)), Ok(Taken::Again));
    }

    /// What was let go can be let go no second time, and taken anew in any version.
    #[test]
    fn what_was_let_go_can_come_back() {
        let mut assignments = holding(&[assignment("a", 3)]);

        assert!(assignments.let_go("a"));
        assert!(!assignments.let_go("a"));
        assert_eq!(assignments.take(other("a", 3)), Ok(Taken::Anew));
    }

    /// A welcome adds what is new, and drops nothing: it may have been cut short.
    #[test]
    fn a_welcome_drops_nothing() {
        let mut assignments = holding(&[assignment("a", 3), assignment("b", 3)]);

        let anew = assignments.welcome(vec![assignment("b", 4), assignment("c", 5)]);

        assert_eq!(anew, ["c".into()]);
        assert_eq!(assignments.count(), 3);
    }

    /// A revocation that overtakes the welcome is not undone by it, unless an assignment followed.
    #[test]
    fn a_welcome_does_not_undo_what_overtook_it() {
        let mut assignments = holding(&[assignment("a", 3), assignment("b", 3)]);
        assignments.let_go("a");
        assignments.begin_registration();
        assignments.let_go("b");

        let anew = assignments.welcome(vec![assignment("a", 3), assignment("b", 3)]);

        assert_eq!(anew, ["a".into()]);
        assert_eq!(assignments.take(assignment("b", 4)), Ok(Taken::Anew));
    }

    /// One contradiction in a welcome does not keep the rest out.
    #[test]
    fn a_contradiction_does_not_spoil_a_welcome() {
        let mut assignments = holding(&[assignment("a", 3)]);

        let anew = assignments.welcome(vec![other("a", 3), assignment("b", 1)]);

        assert_eq!(anew, ["b".into()]);
    }

    /// A configuration holds credentials, so no log may show it.
    #[test]
    fn an_assignment_shows_no_configuration() {
        assert_eq!(format!("{:?}", other("a", 3)), "a v3");
    }
}
