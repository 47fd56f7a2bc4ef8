//! Declares the window's commands, so that each needs its permission.

fn main() {
    let commands = &[
        "status",
        "vocabulary",
        "enrol",
        "set_pin",
        "sign_in",
        "lock",
        "today",
        "visit",
        "start_visit",
        "open_visit",
        "start_unplanned",
        "act",
        "raise_concern",
        "past_visits",
        "code",
        "acknowledge",
        "drafts",
        "keep_draft",
        "flag_safeguarding",
        "add_photo",
        "photo",
        "photos_on_wifi_only",
        "network",
        "strike_out",
        "outbox",
        "send_now",
        "came_to_front",
        "call",
        "text",
        "directions",
        "abilities",
        "reopen",
        "set_aside",
    ];
    let manifest = tauri_build::AppManifest::new().commands(commands);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest)) {
        panic!("the shell can't be built: {error:#}");
    }
}
