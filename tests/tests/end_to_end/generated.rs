//! Generated files are up to date.

use doorstep_tests::harness::root;
use doorstep_tests::{protocol, typescript};

#[test]
fn the_typescript_types_are_those_of_the_rust_types() {
    for (file, drawn) in [
        (typescript::FILE, typescript::file()),
        (typescript::CLAUSES_FILE, typescript::clauses()),
        (typescript::LIMITS_FILE, typescript::limits()),
    ] {
        let committed = std::fs::read_to_string(file).unwrap();
        assert!(committed == drawn, "run `cargo xtask types` and commit what it writes");
    }
}

#[test]
fn the_pages_about_the_protocol_are_those_of_the_source_and_of_the_golden_files() {
    for (page, drawn) in [("messages.md", protocol::messages()), ("examples.md", protocol::examples())] {
        let committed = std::fs::read_to_string(root().join("docs/protocol").join(page)).unwrap();
        assert!(committed == drawn, "run `cargo run -p doorstep-tests --bin protocol` and commit what it writes");
    }
    let messages = protocol::messages();
    for known in ["### Envelope", "| 4 | `sequence` | number |", "| 3 | `two_phones` |", "`doorstep-receipt-root-v2`"] {
        assert!(messages.contains(known), "{known}");
    }
}

/// `tauri android init` wrote the project and we changed it. If somebody runs it again, the app
/// would ask for more permissions and protect less.
#[test]
fn the_android_project_asks_for_little_backs_up_nothing_and_tells_no_app_switcher_and_no_keyboard() {
    let android = root().join("src-tauri/gen/android/app/src/main");
    let read = |file: &str| std::fs::read_to_string(android.join(file)).unwrap();
    let manifest = read("AndroidManifest.xml");
    let asked: Vec<&str> = manifest
        .split("<uses-permission ")
        .skip(1)
        .filter_map(|rest| rest.split("/>").next())
        .filter(|permission| !permission.contains("tools:node=\"remove\""))
        .filter_map(|permission| permission.split('"').nth(1))
        .collect();
    assert_eq!(asked, ["android.permission.INTERNET", "android.permission.ACCESS_NETWORK_STATE"]);
    for kept in ["android:allowBackup=\"false\"", "@xml/data_extraction_rules", "android.media.action.IMAGE_CAPTURE"] {
        assert!(manifest.contains(kept), "{kept}");
    }
    assert!(!read("res/xml/data_extraction_rules.xml").contains("<include"));
    assert!(read("java/uk/doorstep/field/MainActivity.kt").contains("LayoutParams.FLAG_SECURE"));
    let of_the_web_view = std::fs::read_to_string(root().join(".cargo/config.toml")).unwrap();
    assert!(of_the_web_view.contains("or android.view.inputmethod.EditorInfo.IME_FLAG_NO_PERSONALIZED_LEARNING"));
}
