//! Builds again when the console was built: the embedding macro watches the files it found, not a folder that was missing.

fn main() {
    println!("cargo::rerun-if-changed=../../web/console/dist");
}
