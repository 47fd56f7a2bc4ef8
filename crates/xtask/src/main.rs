//! `cargo xtask`: the project's own commands.

mod bench;
mod demo;
mod mobile;
mod mutants;
mod setup;
mod steps;
mod tests;
mod torture;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The project's own commands.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sets up what is missing, builds, starts the council with sample data, and opens the app.
    /// Without a display it walks through a visit by itself and leaves pictures and the export in
    /// target/demo/.
    Run,
    /// Sets up what is missing and runs every check and test.
    Test,
    /// Writes the TypeScript types from the Rust types.
    Types,
    /// Prints the clause table of the Code, one JSON object for each row. Fails when a clause has
    /// no rule, screen or test.
    Clauses {
        /// Also write the table in docs/code-of-conduct.md.
        #[arg(long)]
        write: bool,
    },
    /// Prints every route and who may use it, as the router has it.
    Routes {
        /// Print one JSON object for each route.
        #[arg(long)]
        json: bool,
        /// Also write the table in docs/roles.md.
        #[arg(long)]
        write: bool,
    },
    /// Writes the tables in docs/exports.md from the columns of the exports.
    ExportColumns,
    /// Runs the simulation over many worlds.
    Sim {
        /// How many worlds.
        #[arg(long, default_value_t = 3_300)]
        worlds: u64,
    },
    /// Puts each bug of tests/mutants into a copy of the project, and fails unless its test finds
    /// it.
    Mutants {
        /// Only these bugs. Without names it runs all, and writes the table in docs/simulation.md.
        names: Vec<String>,
    },
    /// Type-checks the app for phones: Android and iOS, or one of them.
    CheckMobile {
        /// The kind of phone. Without it, both are checked.
        phone: Option<mobile::Phone>,
    },
    /// Kills the real programs, and lets their disk and line fail, at each call that changes
    /// either; cuts the power; and stops a database server under load. Prints one JSON object for
    /// each job.
    Torture {
        /// How long it goes on at most, in minutes.
        #[arg(long, default_value_t = 60)]
        minutes: u64,
        /// The same number chooses the same faults.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Only jobs whose name begins with this.
        #[arg(long, default_value = "")]
        only: String,
    },
    /// Measures how long the council and a tap in the real window take.
    Bench,
    /// Sets up what is missing.
    Setup,
}

fn main() -> ExitCode {
    let done: Result<()> = match Arguments::parse().command {
        Command::Run => demo::run(),
        Command::Test => tests::run(),
        Command::Types => {
            steps::cargo("Writing the TypeScript types", &["run", "-q", "-p", "doorstep-tests", "--bin", "types"])
        }
        Command::Clauses { write } => {
            let mut words = vec!["run", "-q", "-p", "doorstep-tests", "--bin", "clauses"];
            words.extend(write.then_some("write"));
            steps::quietly(&words)
        }
        Command::Routes { json, write } => {
            let mut words = vec!["run", "-q", "-p", "doorstep-tests", "--bin", "routes", "--"];
            words.extend(json.then_some("json"));
            words.extend(write.then_some("write"));
            steps::quietly(&words)
        }
        Command::ExportColumns => steps::quietly(&["run", "-q", "-p", "doorstep-tests", "--bin", "exports"]),
        Command::Sim { worlds } => tests::simulate(worlds),
        Command::Mutants { names } => mutants::run(&names),
        Command::Torture { minutes, seed, only } => torture::run(minutes, seed, &only),
        Command::Bench => bench::run(),
        Command::CheckMobile { phone } => match phone {
            Some(phone) => mobile::check(&[phone]),
            None => mobile::check(&mobile::Phone::ALL),
        },
        Command::Setup => setup::everything(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            steps::say(&format!("\ncargo xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
