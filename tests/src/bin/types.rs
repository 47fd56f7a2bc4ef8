//! Writes the TypeScript declarations: `cargo xtask types`.

fn main() -> std::io::Result<()> {
    std::fs::write(doorstep_tests::typescript::FILE, doorstep_tests::typescript::file())
}
