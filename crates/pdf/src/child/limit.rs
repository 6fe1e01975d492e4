//! The limits a child puts on itself before it looks at the document.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::holes::LARGE;
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
    let address_space = request.memory_bytes.saturating_add(of_a_large_document()?);
    set(Resource::As, address_space, address_space)
}

/// A large document's holes take address space and no memory; what is read of it is counted (`holes`).
fn of_a_large_document() -> io::Result<u64> {
    let document = File::from(io::stdin().as_fd().try_clone_to_owned()?).metadata()?;
    Ok(if document.is_file() && document.len() >= LARGE { document.len() } else { 0 })
}

fn set(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let now = rustix::process::getrlimit(resource);
    let maximum = now.maximum.map_or(hard, |maximum| maximum.min(hard));
    let limit = Rlimit { current: Some(soft.min(maximum)), maximum: Some(maximum) };
    setrlimit(resource, limit).map_err(io::Error::from)
}
