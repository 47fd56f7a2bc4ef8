//! The window around the core. Each command is one call into [`doorstep_core::App`], which makes
//! all decisions.

mod camera;
mod commands;
mod doorstep;
mod outside;
mod reminder;
mod start;

use std::process::ExitCode;

use tauri::webview::WebviewWindowBuilder;
use tauri::{AppHandle, Manager, Url, WindowEvent};

use doorstep::Doorstep;
use reminder::Reminder;

/// Opens the window and runs until it is closed.
#[cfg_attr(mobile, tauri::mobile_entry_point(exit_code))]
pub fn run() -> ExitCode {
    let built = with_plugins(tauri::Builder::default())
        .manage(Reminder::default())
        .setup(|app| {
            let start = start::Start::from_arguments(std::env::args_os(), || app.path().app_data_dir())?;
            app.manage(Doorstep::open(app.handle().clone(), start));
            camera::purge(app.handle());
            open_window(app.handle())?;
            Ok(())
        })
        .on_window_event(|window, event| match event {
            WindowEvent::Focused(true) => window.state::<Doorstep>().ring(),
            WindowEvent::Focused(false) => window.state::<Doorstep>().rest(),
            _ => {}
        })
        // Every function of `commands`, as the build script finds them.
        .invoke_handler(include!(concat!(env!("OUT_DIR"), "/handler.rs")))
        .build(tauri::generate_context!());
    match built {
        Ok(app) => {
            // There is nothing to save at the end: every tap is on disk already.
            app.run(|_, _| {});
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("doorstep: the window can't be opened: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Adds the plugins for links, notifications and, on phones, the scanner. The webview can use only
/// the scanner directly. The others are used through commands.
fn with_plugins(builder: tauri::Builder<tauri::Wry>) -> tauri::Builder<tauri::Wry> {
    let builder = builder.plugin(tauri_plugin_opener::init()).plugin(tauri_plugin_notification::init());
    #[cfg(mobile)]
    let builder = builder.plugin(tauri_plugin_barcode_scanner::init());
    builder
}

/// Opens the window. It shows only the app's own pages, even if somebody taps or pastes another
/// link.
fn open_window(handle: &AppHandle) -> tauri::Result<()> {
    for config in &handle.config().app.windows {
        WebviewWindowBuilder::from_config(handle, config)?.on_navigation(is_the_app).build()?;
    }
    Ok(())
}

fn is_the_app(url: &Url) -> bool {
    url.scheme() == "tauri" || (matches!(url.scheme(), "http" | "https") && url.host_str() == Some("tauri.localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_goes_nowhere_but_to_the_app() -> Result<(), Box<dyn std::error::Error>> {
        for own in ["tauri://localhost/index.html", "http://tauri.localhost/"] {
            assert!(is_the_app(&Url::parse(own)?), "{own}");
        }
        for other in [
            "https://example.org/",
            "tel:999",
            "http://tauri.evil.test/",
            "http://tauri.localhost.evil.test/",
            "file:///etc/passwd",
            "javascript:1",
        ] {
            assert!(!is_the_app(&Url::parse(other)?), "{other}");
        }
        Ok(())
    }
}
