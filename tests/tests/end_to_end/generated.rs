//! Generated files are fresh.

#[test]
fn the_typescript_types_are_those_of_the_rust_types() {
    let committed = std::fs::read_to_string(doorstep_tests::typescript::FILE).unwrap();
    assert!(committed == doorstep_tests::typescript::file(), "run `cargo xtask types` and commit what it writes");
}
