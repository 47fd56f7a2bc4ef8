//! Writes the TypeScript declarations, the clauses and the limits: `cargo xtask types`.

use doorstep_tests::typescript;

fn main() -> std::io::Result<()> {
    std::fs::write(typescript::FILE, typescript::file())?;
    std::fs::write(typescript::CLAUSES_FILE, typescript::clauses())?;
    std::fs::write(typescript::LIMITS_FILE, typescript::limits())
}
