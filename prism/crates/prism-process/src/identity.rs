//! Which program this is, and which build of it.

use std::fs::File;

use object::read::ReadCache;
use object::{Object, read};
use serde_json::{Value, json};

/// What a program knows about itself when it is built; [`program!`](crate::program) fills it in.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// The name of the executable.
    pub name: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    /// The version of its package.
    pub version: &'static str,
    /// The commit it was built from, or `unknown`.
    pub commit: &'static str,
    /// Whether its sources differed from that commit.
    pub dirty: bool,
    /// The profile of cargo it was built with.
    pub profile: &'static str,
}

/// Describes the crate that calls it; its build script must call `prism_build::identify`.
#[macro_export]
macro_rules! program {
    ($about:literal) => {
        $crate::Program {
            name: env!("CARGO_PKG_NAME"),
            about: $about,
            version: env!("CARGO_PKG_VERSION"),
            commit: env!("PRISM_COMMIT"),
            dirty: matches!(env!("PRISM_DIRTY").as_bytes(), b"true"),
            profile: env!("PRISM_PROFILE"),
        }
    };
}

impl Program {
    /// One line for people.
    pub(crate) fn version_line(&self) -> String {
        let dirty = if self.dirty { "+dirty" } else { "" };
        let build_id = build_id().unwrap_or_else(|| "none".to_owned());
        let Self {
            name,
            version,
            commit,
            profile,
            ..
        } = self;
        format!("{name} {version} (commit {commit}{dirty}, {profile}, build id {build_id})")
    }

    /// The same for programs; `build_id` is null where the executable has no note.
    pub(crate) fn version_json(&self) -> Value {
        json!({
            "name": self.name,
            "version": self.version,
            "commit": self.commit,
            "dirty": self.dirty,
            "profile": self.profile,
            "build_id": build_id(),
        })
    }
}

/// The GNU build-id note of the running executable, in hexadecimal: a hash of what was linked.
#[must_use]
pub fn build_id() -> Option<String> {
    let executable = ReadCache::new(File::open("/proc/self/exe").ok()?);
    let executable = read::File::parse(&executable).ok()?;
    let note = executable.build_id().ok()??;
    Some(hexadecimal(note))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: Program = Program {
        name: "sample",
        about: "a sample",
        version: "1.2.3",
        commit: "abc",
        dirty: true,
        profile: "debug",
    };

    /// The line for people names everything that tells two builds apart.
    #[test]
    fn the_line_names_the_build() {
        let line = PROGRAM.version_line();

        assert!(
            line.starts_with("sample 1.2.3 (commit abc+dirty, debug, build id "),
            "{line}"
        );
    }

    /// The JSON form has the fields that tools read.
    #[test]
    fn the_json_has_every_field() {
        let json = PROGRAM.version_json();

        let fields: Vec<_> = json
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(
            fields,
            ["build_id", "commit", "dirty", "name", "profile", "version"]
        );
    }
}
