//! Draws the pages in `docs/protocol` anew that are drawn.

use doorstep_tests::harness::root;
use doorstep_tests::protocol;

fn main() {
    let folder = root().join("docs/protocol");
    for (page, text) in [("messages.md", protocol::messages()), ("examples.md", protocol::examples())] {
        std::fs::write(folder.join(page), text).expect("the page can be written");
    }
}
