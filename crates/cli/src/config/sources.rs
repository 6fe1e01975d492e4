//! Where a value comes from, and which one holds: flag, environment, file, default, in this order.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use super::file::File;
use super::keys::{FILE, Fallback, KEYS, Key};
use super::{Given, Problem};

/// Who said it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Origin {
    /// The command line.
    Flag { name: &'static str },
    /// An environment variable.
    Environment { name: &'static str },
    /// A line of the file.
    File { path: PathBuf, line: usize },
    /// Nobody.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag { name } | Self::Environment { name } => f.write_str(name),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value as it was given.
#[derive(Clone)]
pub struct Raw {
    pub value: OsString,
    pub origin: Origin,
}

impl Raw {
    /// The value as a path; one in the file counts from the file's folder.
    pub fn path(&self) -> PathBuf {
        match &self.origin {
            Origin::File { path, .. } => path.parent().unwrap_or(Path::new("")).join(&self.value),
            _ => PathBuf::from(&self.value),
        }
    }
}

/// Everything that was said.
#[derive(Default)]
pub struct Sources {
    given: Given,
    environment: HashMap<OsString, OsString>,
    /// The file that was read.
    pub file: Option<File>,
}

impl Sources {
    /// Reads the environment and the file. What is wrong with the file is added to `problems`.
    pub fn read(given: Given, problems: &mut Vec<Problem>) -> Self {
        // A variable that is set to nothing is as good as none.
        let says = |value: &OsString| !value.to_string_lossy().trim().is_empty();
        let environment = std::env::vars_os().filter(|(_, value)| says(value)).collect();
        let mut sources = Self { given, environment, file: None };
        sources.file = sources.find_file(problems).and_then(|path| File::read(&path, problems));
        sources
    }

    /// The strongest value for a key.
    pub fn find(&self, key: &'static Key) -> Option<Raw> {
        let flag = key.flag.and_then(|flag| {
            let (_, value) = self.given.iter().find(|(name, _)| *name == key.name)?;
            Some(Raw { value: value.clone(), origin: Origin::Flag { name: flag.name } })
        });
        let environment = || {
            key.environment.iter().find_map(|&name| {
                let value = self.environment.get(OsStr::new(name))?.clone();
                Some(Raw { value, origin: Origin::Environment { name } })
            })
        };
        let file = || self.file.as_ref()?.get(key);
        let default = || match key.fallback {
            Fallback::Value(value) => Some(Raw { value: value.into(), origin: Origin::Default }),
            Fallback::Words(_) => None,
        };
        flag.or_else(environment).or_else(file).or_else(default)
    }

    /// Those of these variables that are set.
    pub fn environment_of(&self, names: &[&str]) -> Vec<(OsString, OsString)> {
        let set = |name: &&str| Some((name.into(), self.environment.get(OsStr::new(name))?.clone()));
        names.iter().filter_map(set).collect()
    }

    /// Variables that look like one of ours with a slip of the pen, and mean nothing, each with the one meant.
    pub fn misspelt(&self) -> Vec<(String, &'static str)> {
        let known: Vec<&'static str> =
            KEYS.iter().copied().chain([&FILE]).flat_map(|key| key.environment.iter().copied()).collect();
        let mut found: Vec<_> = self
            .environment
            .keys()
            .filter_map(|name| name.to_str())
            .filter(|name| name.starts_with("COLOPHON_") || name.starts_with("SUPABASE_"))
            .filter(|name| !known.contains(name))
            .filter_map(|name| {
                let meant = *known.iter().find(|known| strsim::damerau_levenshtein(known, name) <= 2)?;
                Some((name.to_owned(), meant))
            })
            .collect();
        found.sort();
        found
    }

    fn find_file(&self, problems: &mut Vec<Problem>) -> Option<PathBuf> {
        if let Some(raw) = self.find(&FILE) {
            let path = raw.path();
            if path.is_file() {
                return Some(path);
            }
            let what = format!("there is no file {:?}", raw.value.to_string_lossy());
            problems.push(Problem::new(&FILE, what, &raw.origin, "name the file, or leave it out"));
            return None;
        }
        let here = PathBuf::from("colophon.toml");
        let of_user = || {
            use etcetera::BaseStrategy as _;
            let platform = etcetera::base_strategy::choose_native_strategy().ok()?;
            Some(platform.config_dir().join("colophon").join("colophon.toml"))
        };
        [Some(here), of_user()].into_iter().flatten().find(|path| path.is_file())
    }
}
