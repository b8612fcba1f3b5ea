//! What the runner is doing, for a dump.

use prism_process::dump::{Tells, Told, try_for_a_while};

use crate::gate::Gate;
use crate::registration::Roster;

/// Everything that a dump of the runner tells of.
#[derive(Debug)]
pub(crate) struct Doing {
    pub(crate) gate: Gate,
    pub(crate) roster: Roster,
}

impl Tells for Doing {
    fn tell(&self, told: &mut Told) {
        self.gate.tell(told);
        let Some(standings) = try_for_a_while(|| self.roster.try_describe()) else {
            return told.line("proxies: the list is locked");
        };
        told.line(format_args!("proxies: {}", standings.len()));
        told.details(standings.iter());
    }
}
