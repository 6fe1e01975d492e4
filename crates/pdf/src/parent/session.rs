//! One child process from start to end.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{ChildStderr, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Child, Error};
use crate::Limits;
use crate::protocol::{Message, Request, Task};
use crate::types::FailureCode;

/// How much of a child's complaints is kept.
const STDERR_BYTES: u64 = 4096;

/// How long a child that closed its output may take to end.
const FAREWELL: Duration = Duration::from_secs(2);

/// What a caller of the crate may still spend; shared by the children of one reader.
#[derive(Debug)]
pub(super) struct Budget {
    pub(super) wall: Duration,
    pub(super) output: u64,
}

impl Budget {
    pub(super) fn of(limits: &Limits) -> Self {
        Self { wall: limits.wall_time, output: limits.output_bytes }
    }

    pub(super) fn is_spent(&self) -> bool {
        self.wall.is_zero() || self.output == 0
    }
}

/// The child's next word, or its end.
#[derive(Debug)]
pub(super) enum Event {
    Message(Message),
    Died(Death),
}

/// Why a child ended without saying `End`.
#[derive(Debug, Clone)]
pub(super) struct Death {
    pub(super) code: FailureCode,
    pub(super) reason: String,
}

impl Death {
    fn new(code: FailureCode, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

#[derive(Debug)]
pub(super) struct Session {
    process: tokio::process::Child,
    out: BufReader<ChildStdout>,
    stderr: JoinHandle<String>,
    /// The beginning of the message being read; after a death, what the child complained of.
    line: Vec<u8>,
}

impl Session {
    /// Starts a child and waits until its limits are in force.
    pub(super) async fn start(
        child: &Child,
        file: File,
        limits: &Limits,
        task: Task,
        budget: &mut Budget,
    ) -> Result<Result<Self, Death>, Error> {
        let request = Request {
            task,
            memory_bytes: limits.memory_bytes,
            cpu_seconds: limits.cpu_time.as_secs() + u64::from(limits.cpu_time.subsec_nanos() > 0),
            pages: limits.pages,
        };
        let request = serde_json::to_string(&request).map_err(std::io::Error::from)?;
        let mut process = Command::new(&child.program)
            .args(&child.args)
            .arg(request)
            .env_clear()
            .stdin(Stdio::from(file))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| Error::Spawn { program: child.program.clone(), source })?;
        let (Some(out), Some(err)) = (process.stdout.take(), process.stderr.take()) else {
            return Err(Error::Io(std::io::Error::other("the child's pipes are missing")));
        };
        let stderr = tokio::spawn(complaints(err));
        let mut session = Self { process, out: BufReader::new(out), stderr, line: Vec::new() };
        match session.next(limits, budget).await? {
            Event::Message(Message::Ready) => Ok(Ok(session)),
            Event::Message(other) => {
                Err(Error::Protocol { line: format!("{other:?}").chars().take(200).collect() })
            }
            Event::Died(death) if death.code == FailureCode::TimedOut => Ok(Err(death)),
            Event::Died(death) => Err(Error::NotReady {
                program: child.program.clone(),
                status: death.reason,
                stderr: String::from_utf8_lossy(&session.line).into_owned(),
            }),
        }
    }

    /// The next message, or how the child ended. Waiting is charged to the budget.
    pub(super) async fn next(&mut self, limits: &Limits, budget: &mut Budget) -> Result<Event, Error> {
        let patience = limits.page_time.min(budget.wall);
        let started = Instant::now();
        let outcome = timeout(patience, read_line(&mut self.out, &mut self.line, budget.output)).await;
        budget.wall = budget.wall.saturating_sub(started.elapsed());
        let read = match outcome {
            Err(_elapsed) => {
                self.process.kill().await?;
                let reason = format!("reading it took longer than {} s", patience.as_secs_f32().ceil());
                return Ok(Event::Died(Death::new(FailureCode::TimedOut, reason)));
            }
            Ok(read) => read?,
        };
        match read {
            Line::Whole => {
                let line = std::mem::take(&mut self.line);
                budget.output = budget.output.saturating_sub(line.len() as u64);
                serde_json::from_slice(&line).map(Event::Message).map_err(|_| Error::Protocol {
                    line: String::from_utf8_lossy(&line).chars().take(200).collect(),
                })
            }
            Line::TooLong => {
                budget.output = 0;
                self.process.kill().await?;
                let reason = format!("it yields more than {} MiB of output", limits.output_bytes >> 20);
                Ok(Event::Died(Death::new(FailureCode::TooMuchOutput, reason)))
            }
            Line::End => Ok(Event::Died(self.death(limits).await?)),
        }
    }

    /// So many bytes that a message announced, or how the child ended before them. Not cancel safe.
    pub(super) async fn bytes(
        &mut self,
        count: usize,
        limits: &Limits,
        budget: &mut Budget,
    ) -> Result<Result<Vec<u8>, Death>, Error> {
        let patience = limits.page_time.min(budget.wall);
        let started = Instant::now();
        let mut bytes = vec![0; count];
        let outcome = timeout(patience, self.out.read_exact(&mut bytes)).await;
        budget.wall = budget.wall.saturating_sub(started.elapsed());
        match outcome {
            Ok(Ok(_)) => Ok(Ok(bytes)),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                Ok(Err(self.death(limits).await?))
            }
            Ok(Err(error)) => Err(error.into()),
            Err(_elapsed) => {
                self.process.kill().await?;
                Ok(Err(Death::new(FailureCode::TimedOut, "its picture did not come in time")))
            }
        }
    }

    /// Waits for the end of a child that closed its output, and says what it died of.
    async fn death(&mut self, limits: &Limits) -> Result<Death, Error> {
        let status = if let Ok(status) = timeout(FAREWELL, self.process.wait()).await {
            status?
        } else {
            self.process.kill().await?;
            self.process.wait().await?
        };
        let said = (&mut self.stderr).await.unwrap_or_default();
        self.line = said.clone().into_bytes();
        Ok(classify(status, &said, limits))
    }
}

fn classify(status: ExitStatus, said: &str, limits: &Limits) -> Death {
    let signal = status.signal().and_then(Signal::from_named_raw);
    if said.contains("memory allocation of")
        || said.contains("out of memory")
        || said.contains("capacity overflow")
    {
        let reason = format!("reading it needs more than {} MiB of memory", limits.memory_bytes >> 20);
        Death::new(FailureCode::OutOfMemory, reason)
    } else if said.contains("overflowed its stack") {
        Death::new(FailureCode::TooDeep, "it nests deeper than the reader can follow")
    } else if signal == Some(Signal::XCPU) || signal == Some(Signal::KILL) {
        let reason = format!("reading it needs more than {} s of computing", limits.cpu_time.as_secs());
        Death::new(FailureCode::TimedOut, reason)
    } else {
        let said = said.lines().next().map(|line| format!(": {line}")).unwrap_or_default();
        Death::new(FailureCode::Crashed, format!("the reader broke off ({status}){said}"))
    }
}

/// The first part of what the child complains about; the rest is read and dropped so that it never blocks.
async fn complaints(mut stderr: ChildStderr) -> String {
    let mut kept = Vec::new();
    let _ = (&mut stderr).take(STDERR_BYTES).read_to_end(&mut kept).await;
    let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&kept).into_owned()
}

enum Line {
    Whole,
    TooLong,
    End,
}

/// Reads on until `line` holds one line of at most `limit` bytes, newline not included. A line cut off by the end counts
/// as the end. What was read stays in `line` when the caller gives up waiting, so that the next call goes on from there.
async fn read_line(
    out: &mut BufReader<ChildStdout>,
    line: &mut Vec<u8>,
    limit: u64,
) -> std::io::Result<Line> {
    loop {
        let buffer = out.fill_buf().await?;
        if buffer.is_empty() {
            return Ok(Line::End);
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(buffer.len());
        line.extend_from_slice(&buffer[..taken]);
        out.consume(end.map_or(taken, |end| end + 1));
        if line.len() as u64 > limit {
            return Ok(Line::TooLong);
        }
        if end.is_some() {
            return Ok(Line::Whole);
        }
    }
}
