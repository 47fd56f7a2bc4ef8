//! Prints every route with who may use it; with `json` one JSON object a line, with `write` draws
//! `docs/roles.md` anew.

use doorstep_tests::harness::root;
use doorstep_tests::roles;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let is_asked = |word: &str| asked.iter().any(|asked| asked == word);
    for route in doorstep_council::routes() {
        println!("{}", roles::line(&route, is_asked("json")));
    }
    if is_asked("write") {
        let page = root().join("docs/roles.md");
        let before = std::fs::read_to_string(&page).expect("the page can be read");
        std::fs::write(page, roles::page(&before)).expect("the page can be written");
    }
}
