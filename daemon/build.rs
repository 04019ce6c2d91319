//! `include_dir!` does not tell cargo what it has read: without this a changed file under `sql/` is not compiled in.

fn main() {
    println!("cargo::rerun-if-changed=../sql");
}
