//! The child process: limits first, then the document, then lines of JSON.

mod holes;
mod limit;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::process::ExitCode;

use crate::protocol::{Message, Request, Task};
use crate::{draw, read, text};

/// Stack of the thread that parses. Large, since objects nest; bounded, since it counts as memory.
const STACK_BYTES: usize = 64 << 20;

/// The child's whole life. The program that hosts it passes the arguments after its own (hidden) subcommand; there is
/// exactly one, made by [`inspect`](crate::inspect), [`read_text`](crate::read_text) or
/// [`draw_pages`](crate::draw_pages). The document comes on
/// standard input, an open file or a pipe; the answer leaves on standard output.
///
/// Exit code 0 means the answer is complete, 2 that the arguments were not understood, anything else that the
/// document was too much for it.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut args = args.into_iter();
    let request = match (args.next().and_then(|arg| arg.into_string().ok()), args.next()) {
        (Some(json), None) => serde_json::from_str::<Request>(&json),
        _ => return usage("expected exactly one argument"),
    };
    let request = match request {
        Ok(request) => request,
        Err(error) => return usage(&error.to_string()),
    };
    if let Err(error) = limit::apply(&request) {
        return usage(&format!("the limits cannot be set: {error}"));
    }
    let worker =
        std::thread::Builder::new().name("pdf".into()).stack_size(STACK_BYTES).spawn(move || serve(&request));
    match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        Ok(Err(_panic)) => complain("the reader broke off"),
        Ok(Ok(Err(error))) | Err(error) => complain(&error.to_string()),
    }
}

fn usage(what: &str) -> ExitCode {
    let _ =
        writeln!(io::stderr(), "colophon pdf child: {what}; it is started by colophon itself, not by hand");
    ExitCode::from(2)
}

fn complain(what: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "colophon pdf child: {what}");
    ExitCode::FAILURE
}

fn serve(request: &Request) -> io::Result<()> {
    let mut out = Answer(BufWriter::with_capacity(64 << 10, io::stdout()));
    out.say(&Message::Ready)?;
    out.0.flush()?;
    let skip = match request.task {
        Task::Inspect => holes::without_contents as holes::Skip,
        Task::Text { .. } => holes::without_pictures,
        Task::Draw { .. } => holes::without_nothing,
    };
    let bytes = match document(request.memory_bytes, skip)? {
        Ok(bytes) => bytes,
        Err(reason) => return read::too_large(request, &reason, &mut out),
    };
    match &request.task {
        Task::Inspect => read::inspect(bytes, request.pages, &mut out)?,
        Task::Text { ranges, avoid } => text::read(bytes, request.pages, ranges.as_deref(), avoid, &mut out)?,
        Task::Draw { ranges, most, dpi, pixels } => {
            let wanted = draw::Wanted { most: *most, dpi: *dpi, pixels: *pixels };
            draw::draw(bytes, request.pages, ranges.as_deref(), wanted, &mut out)?;
        }
    }
    out.0.flush()
}

/// The document in memory, without what need not be read of a large one; or the reason why it does not fit.
fn document(memory_bytes: u64, skip: holes::Skip) -> io::Result<Result<Vec<u8>, String>> {
    let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let too_large = |bytes: u64| {
        Ok(Err(format!(
            "the file ({} MiB) does not fit into the {} MiB that reading a PDF may use",
            bytes >> 20,
            memory_bytes >> 20
        )))
    };
    let meta = file.metadata()?;
    if meta.is_file() {
        let Ok(len) = usize::try_from(meta.len()) else { return too_large(meta.len()) };
        if meta.len() >= holes::LARGE {
            let most = memory_bytes.saturating_sub(holes::LARGE);
            return match holes::read(&file, len, skip, most)? {
                Some(bytes) => Ok(Ok(bytes)),
                None => too_large(meta.len()),
            };
        }
        let mut bytes = Vec::new();
        if bytes.try_reserve_exact(len).is_err() {
            return too_large(meta.len());
        }
        bytes.resize(len, 0);
        file.read_exact_at(&mut bytes, 0)?;
        return Ok(Ok(bytes));
    }
    let mut bytes = Vec::new();
    file.take(memory_bytes / 2).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == memory_bytes / 2 { too_large(memory_bytes / 2) } else { Ok(Ok(bytes)) }
}

/// Where the child's messages go.
pub(crate) struct Answer<W>(W);

impl<W: Write> Answer<W> {
    pub(crate) fn say(&mut self, message: &Message) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, message)?;
        self.0.write_all(b"\n")
    }

    /// Says a message and makes sure it has left, so that the parent knows even if the child dies next.
    pub(crate) fn say_now(&mut self, message: &Message) -> io::Result<()> {
        self.say(message)?;
        self.0.flush()
    }

    /// Bytes as they are, behind the message that announces them.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)?;
        self.0.flush()
    }
}
