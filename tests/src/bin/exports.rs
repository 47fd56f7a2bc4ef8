//! Draws the tables in `docs/exports.md` anew.

use doorstep_tests::exports;
use doorstep_tests::harness::root;

fn main() {
    let path = root().join("docs/exports.md");
    let before = std::fs::read_to_string(&path).expect("the page can be read");
    std::fs::write(path, exports::page(&before)).expect("the page can be written");
}
