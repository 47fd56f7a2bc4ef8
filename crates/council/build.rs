//! The console is part of the program: when it was built anew, so is the program.

fn main() {
    println!("cargo::rerun-if-changed=../../ui/dist/console");
}
