//! The catalogue is embedded in the binary; without this, cargo would not notice that a manifest changed.

fn main() {
    for folder in ["stacks", "manifests", "scenarios", "runbooks", "apps"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
