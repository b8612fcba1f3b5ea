//! What the build script of every Prism program does: give the executable its identity.
//!
//! Call [`identify`] from `build.rs`; the program then reads it with `prism_process::program!`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What an executable is built from, relative to the workspace: a change here may change it.
const SOURCES: [&str; 4] = ["crates", "Cargo.toml", "Cargo.lock", "../proto"];

/// Asks for a build-id note in the executable and passes commit, dirty flag and profile to its sources.
///
/// Only the sources are watched, never `.git`: a commit alone must not relink a program.
pub fn identify() {
    let workspace = workspace();
    for path in existing_sources(&workspace) {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    println!("cargo:rustc-link-arg-bins=-Wl,--build-id=sha1");
    println!("cargo:rustc-env=PRISM_COMMIT={}", commit(&workspace));
    println!("cargo:rustc-env=PRISM_DIRTY={}", is_dirty(&workspace));
    println!(
        "cargo:rustc-env=PRISM_PROFILE={}",
        env::var("PROFILE").unwrap_or_default()
    );
}

fn workspace() -> PathBuf {
    PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../..")
}

fn existing_sources(workspace: &Path) -> Vec<PathBuf> {
    SOURCES
        .iter()
        .map(|source| workspace.join(source))
        .filter(|path| path.exists())
        .collect()
}

fn commit(workspace: &Path) -> String {
    git(workspace, &["rev-parse", "HEAD"]).unwrap_or_else(|| "unknown".to_owned())
}

fn is_dirty(workspace: &Path) -> bool {
    let status = [&["status", "--porcelain", "--"], SOURCES.as_slice()].concat();
    git(workspace, &status).is_some_and(|changes| !changes.is_empty())
}

/// The trimmed output of a git command; none where there is no git or no repository.
fn git(workspace: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(workspace)
        .args(arguments)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
