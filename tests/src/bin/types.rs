//! Writes the TypeScript declarations, and the clauses: `cargo xtask types`.

use doorstep_tests::typescript;

fn main() -> std::io::Result<()> {
    std::fs::write(typescript::FILE, typescript::file())?;
    std::fs::write(typescript::CLAUSES_FILE, typescript::clauses())
}
