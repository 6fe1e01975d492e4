//! Flags of the configuration: what each is called and means stands with its key.

use std::ffi::OsString;

use clap::builder::ValueParser;
use clap::{Arg, ArgMatches, Command, FromArgMatches};

use crate::config::{FILE, Given, INSTANCE, KEYS, Key};

/// The flags of some groups of keys, as they were given.
#[derive(Debug, Clone, Default)]
pub struct Flags<const GROUPS: u8>(pub Given);

fn keys(groups: u8) -> impl Iterator<Item = (&'static Key, &'static str)> {
    [&FILE].into_iter().chain(KEYS).filter_map(move |key| {
        let flag = key.flag.filter(|flag| flag.group & groups != 0)?;
        Some((key, flag.name))
    })
}

impl<const GROUPS: u8> clap::Args for Flags<GROUPS> {
    fn augment_args(command: Command) -> Command {
        command.args(keys(GROUPS).map(|(key, flag)| {
            Arg::new(key.name)
                .long(flag.trim_start_matches('-'))
                .value_name(key.value_name)
                .value_parser(ValueParser::os_string())
                .help(help(key))
                .global(GROUPS == INSTANCE)
                .help_heading((GROUPS == INSTANCE).then_some("Instance"))
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<const GROUPS: u8> FromArgMatches for Flags<GROUPS> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given =
            |(key, _): (&'static Key, _)| Some((key.name, matches.get_one::<OsString>(key.name)?.clone()));
        Ok(Self(keys(GROUPS).filter_map(given).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn help(key: &Key) -> String {
    format!("{} [env: {}] [default: {}]", key.help, key.environment.join(", else "), key.fallback.words())
}
