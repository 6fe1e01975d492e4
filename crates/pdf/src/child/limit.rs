//! The limits a child puts on itself before it looks at the document.

use std::io;

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::protocol::Request;

/// Standard streams and a few to spare; a parser has no business opening files.
const FILES: u64 = 16;

pub(super) fn apply(request: &Request) -> io::Result<()> {
    set(Resource::Core, 0, 0)?;
    set(Resource::Fsize, 0, 0)?;
    set(Resource::Nofile, FILES, FILES)?;
    // The soft limit ends the process by SIGXCPU, which says why; the hard one is the net below.
    set(Resource::Cpu, request.cpu_seconds, request.cpu_seconds + 1)?;
    // Some systems do not know this limit (macOS accepts it and ignores it); there the parent's clock remains.
    set(Resource::As, request.memory_bytes, request.memory_bytes)
}

fn set(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let now = rustix::process::getrlimit(resource);
    let maximum = now.maximum.map_or(hard, |maximum| maximum.min(hard));
    let limit = Rlimit { current: Some(soft.min(maximum)), maximum: Some(maximum) };
    setrlimit(resource, limit).map_err(io::Error::from)
}
