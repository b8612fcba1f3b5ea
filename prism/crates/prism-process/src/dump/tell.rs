//! The text of a dump, as it is put together.

use std::fmt;
use std::thread;
use std::time::Duration;

/// Bytes; what hangs with a million calls must not fill the disk.
const LONGEST: usize = 256 << 10;
/// Entries of one list: the oldest or the largest come first, and explain the others.
const MOST_LISTED: usize = 40;
/// Looks at a lock before it counts as held: in a program that works it is free again after microseconds.
const LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

/// Takes lines, and of too many only their number.
#[derive(Debug, Default)]
pub struct Told {
    text: String,
    omitted: usize,
}

impl Told {
    /// Adds a line.
    pub fn line(&mut self, line: impl fmt::Display) {
        let line = line.to_string();
        if self.text.len() + line.len() > LONGEST {
            self.omitted += 1;
            return;
        }
        self.text.push_str(&line);
        self.text.push('\n');
    }

    /// Adds a line below the last one.
    pub fn detail(&mut self, line: impl fmt::Display) {
        self.line(format_args!("  {line}"));
    }

    /// Adds the first of many lines below the last one, and how many there are besides.
    pub fn details<T: fmt::Display>(&mut self, lines: impl ExactSizeIterator<Item = T>) {
        let more = lines.len().saturating_sub(MOST_LISTED);
        for line in lines.take(MOST_LISTED) {
            self.detail(line);
        }
        if more > 0 {
            self.detail(format_args!("… {more} more"));
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match self.omitted {
            0 => Ok(()),
            more => writeln!(f, "… {more} more lines"),
        }
    }
}

/// What a lock guards, if it can be had now or in a moment; never waits for whoever is stuck inside.
pub fn try_for_a_while<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    for _ in 1..LOOKS {
        if let Some(found) = look() {
            return Some(found);
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    look()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list is cut where it is long, and says so.
    #[test]
    fn a_long_list_is_cut() {
        let mut told = Told::default();
        told.details(0..MOST_LISTED + 3);

        let text = told.to_string();
        assert_eq!(text.lines().count(), MOST_LISTED + 1);
        assert!(text.ends_with("  … 3 more\n"), "{text}");
    }

    /// The whole is bounded, and says so.
    #[test]
    fn the_whole_is_bounded() {
        let mut told = Told::default();
        for _ in 0..3 {
            told.line("x".repeat(LONGEST / 2));
        }

        let text = told.to_string();
        assert!(text.len() < LONGEST + 100);
        assert!(text.ends_with("… 2 more lines\n"));
    }

    /// A lock that stays held is given up.
    #[test]
    fn a_held_lock_is_given_up() {
        assert_eq!(try_for_a_while(|| None::<()>), None);
    }

    /// One that comes free is taken.
    #[test]
    fn a_lock_that_comes_free_is_taken() {
        let mut looks = 0..;

        assert_eq!(
            try_for_a_while(|| looks.next().filter(|look| *look > 2)),
            Some(3)
        );
    }
}
