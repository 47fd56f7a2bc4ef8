//! The settings file (TOML): `key = "value"`, where the key is the name of an option on the command
//! line. Each setting becomes an option in front of the ones on the command line, so the command
//! line wins. A setting that the environment also gives is left out, so the environment wins too.
//! That way, all settings are read and checked in the same way.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Command, CommandFactory};

use crate::arguments::Arguments;

const FILE: &str = "DOORSTEP_CONFIG";

/// The command line's arguments, with those that the settings file adds.
pub(crate) fn words(said: Vec<OsString>) -> Result<Vec<OsString>> {
    match file(&said) {
        Some(file) => {
            let text = fs::read_to_string(&file).with_context(|| format!("{} can't be read", file.display()))?;
            with_file(said, &text, |name| std::env::var_os(name).is_some())
                .with_context(|| format!("{} can't be used", file.display()))
        }
        None => Ok(said),
    }
}

/// The settings file that the command line or `DOORSTEP_CONFIG` names.
fn file(said: &[OsString]) -> Option<PathBuf> {
    let word = said.iter().position(|word| word == "--config").and_then(|place| said.get(place + 1));
    let joined = || said.iter().find_map(|word| word.to_str()?.strip_prefix("--config="));
    let named = word.map(PathBuf::from).or_else(|| joined().map(PathBuf::from));
    named.or_else(|| std::env::var_os(FILE).map(PathBuf::from))
}

fn with_file(mut said: Vec<OsString>, text: &str, environment_says: impl Fn(&str) -> bool) -> Result<Vec<OsString>> {
    let mut arguments = Arguments::command();
    arguments.build();
    let command = said.iter().enumerate().skip(1).find_map(|(place, word)| {
        let called = arguments.find_subcommand(word)?;
        Some((place, called))
    });
    let mut added = Vec::new();
    for (key, value) in text.parse::<toml::Table>()? {
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            _ => bail!("{key} must be a text in quotes, or a number"),
        };
        if !arguments.get_subcommands().any(|command| setting(command, &key).is_some()) {
            bail!("there is no setting called {key:?}; `doorstep-council serve --help` lists the settings");
        }
        let Some(variable) = command.and_then(|(_, command)| setting(command, &key)) else { continue };
        if !environment_says(&variable) {
            added.push(OsString::from(format!("--{key}={value}")));
        }
    }
    if let Some((place, _)) = command {
        said.splice(place + 1..place + 1, added);
    }
    Ok(said)
}

/// The environment variable for a setting of a command. `None` when the command has no such
/// setting.
fn setting(command: &Command, key: &str) -> Option<String> {
    let argument = command.get_arguments().find(|argument| argument.get_long() == Some(key))?;
    argument.get_env().map(|variable| variable.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::{Command, RecordsCommand};

    fn read(said: &[&str], text: &str, environment: &[&str]) -> Result<Arguments> {
        let said = std::iter::once(&"doorstep-council").chain(said).map(OsString::from).collect();
        let words = with_file(said, text, |name| environment.contains(&name))?;
        Ok(Arguments::try_parse_from(words)?)
    }

    fn listens(arguments: Arguments) -> String {
        match arguments.command {
            Command::Serve { settings, .. } => settings.listen.to_string(),
            _ => panic!("that was to serve"),
        }
    }

    #[test]
    fn the_command_line_holds_before_the_environment_and_that_before_the_file() {
        let file = "data = \"/var/lib/doorstep\"\nlisten = \"127.0.0.1:1\"";
        assert_eq!(listens(read(&["serve"], file, &[]).unwrap()), "127.0.0.1:1");
        assert_eq!(listens(read(&["serve", "--listen", "127.0.0.1:2"], file, &[]).unwrap()), "127.0.0.1:2");
        assert_eq!(listens(read(&["serve"], file, &["DOORSTEP_LISTEN"]).unwrap()), "127.0.0.1:8470");
        assert_eq!(listens(read(&["--log", "json", "serve"], file, &[]).unwrap()), "127.0.0.1:1");
    }

    #[test]
    fn a_file_serves_every_command_and_each_takes_what_is_its_own() {
        let file = "data = \"/somewhere\"\nlisten = \"127.0.0.1:1\"\nmail-server = \"smtp://mail.example\"";
        assert!(matches!(
            read(&["counts"], file, &[]).unwrap().command,
            Command::Records(RecordsCommand::Counts { .. })
        ));
    }

    #[test]
    fn what_is_no_setting_is_named() {
        for (file, said) in [
            ("lisen = \"127.0.0.1:1\"", "there is no setting called \"lisen\""),
            ("json = \"true\"", "there is no setting called \"json\""),
            ("listen = [1]", "listen must be a text in quotes"),
        ] {
            let error = read(&["serve"], file, &[]).err().unwrap();
            assert!(error.to_string().contains(said), "{error}");
        }
        let error = read(&["serve"], "data = \"x\"\nlisten = \"here\"", &[]).err().unwrap().to_string();
        assert!(error.contains("invalid value 'here' for '--listen"), "{error}");
    }
}
