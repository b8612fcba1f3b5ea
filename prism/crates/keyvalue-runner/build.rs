//! Gives the program its identity, and the hashes of the protos that it says it serves.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use sha2::{Digest, Sha256};

/// The protos of the data interfaces, without their folder and ending.
const PROTOS: [&str; 3] = ["keyvalue_basic", "keyvalue_ttl", "keyvalue_batch"];

fn main() -> Result<(), Box<dyn Error>> {
    prism_build::identify();
    let folder = proto_folder()?.join("prism/interfaces/keyvalue");
    for proto in PROTOS {
        let path = folder.join(proto).with_extension("proto");
        println!("cargo:rerun-if-changed={}", path.display());
        let hash = Sha256::digest(fs::read(path)?);
        let hash = hash
            .iter()
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        println!("cargo:rustc-env=PROTO_HASH_{}={hash}", proto.to_uppercase());
    }
    Ok(())
}

/// Beside the workspace, or inside a packaged crate.
fn proto_folder() -> Result<PathBuf, Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    [here.join("../../../proto"), here.join("proto")]
        .into_iter()
        .find(|folder| folder.is_dir())
        .ok_or_else(|| format!("no proto folder beside {}", here.display()).into())
}
