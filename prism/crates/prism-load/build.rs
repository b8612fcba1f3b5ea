//! Gives the program its identity.

fn main() {
    prism_build::identify();
}
