//! Generates the wire from `proto/`, beside the workspace or inside a packaged crate.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    let proto = proto_folder()?;
    // protox reads the files itself, so cargo has to be told what to watch.
    println!("cargo:rerun-if-changed={}", proto.display());
    let files = proto_files(&proto.join("prism"))?;
    let descriptors = protox::compile(&files, [&proto])?;
    let described = PathBuf::from(env::var("OUT_DIR")?).join("descriptors.bin");
    fs::write(described, descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .bytes(".prism.interfaces.keyvalue")
        .compile_fds(descriptors)?;
    Ok(())
}

fn proto_folder() -> Result<PathBuf, Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    [here.join("../../../proto"), here.join("proto")]
        .into_iter()
        .find(|folder| folder.is_dir())
        .ok_or_else(|| format!("no proto folder beside {}", here.display()).into())
}

fn proto_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(proto_files(&path)?);
        } else if path.extension().is_some_and(|kind| kind == "proto") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
