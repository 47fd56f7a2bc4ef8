//! The window around the core. A command is one call into [`doorstep_core::App`]; what is decided is decided there.

mod commands;
mod doorstep;
mod start;

use std::process::ExitCode;

use tauri::{Manager, RunEvent, WindowEvent};

use doorstep::Doorstep;

/// Opens the window and runs until it is closed.
#[cfg_attr(mobile, tauri::mobile_entry_point(exit_code))]
pub fn run() -> ExitCode {
    let built = tauri::Builder::default()
        .setup(|app| {
            let start = start::Start::from_arguments(std::env::args_os(), || app.path().app_data_dir())?;
            app.manage(Doorstep::open(app.handle().clone(), start));
            Ok(())
        })
        .on_window_event(|window, event| {
            if let WindowEvent::Focused(true) = event {
                window.state::<Doorstep>().ring();
            }
        })
        .invoke_handler(tauri::generate_handler![
            commands::status,
            commands::vocabulary,
            commands::enrol,
            commands::set_pin,
            commands::sign_in,
            commands::lock,
            commands::today,
            commands::visit,
            commands::start_visit,
            commands::record_step,
            commands::enter,
            commands::refuse_entry,
            commands::add_refusal_words,
            commands::no_answer,
            commands::flag_safeguarding,
            commands::leave,
            commands::strike_out,
            commands::outbox,
            commands::send_now,
            commands::came_to_front,
            commands::set_aside,
        ])
        .build(tauri::generate_context!());
    match built {
        Ok(app) => {
            app.run(|_, event| {
                if let RunEvent::ExitRequested { .. } = event {
                    // Nothing to save here: whatever was tapped is on disk already.
                }
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("doorstep: the window can't be opened: {error}");
            ExitCode::FAILURE
        }
    }
}
