//! Asking a child what a file is.

use std::fs::File;

use super::session::{Budget, Death, Event, Session};
use super::{Child, Error};
use crate::Limits;
use crate::protocol::{Message, Task};
use crate::types::{Inspection, Outcome};

/// Tells what a file is and what its pages are like, without reading their content.
///
/// `file` is the document from its first byte, whatever its current offset; the caller keeps no use of it. A document
/// that makes the child meet a limit or crash is [`Outcome::Damaged`] with the reason.
pub async fn inspect(child: &Child, file: File, limits: &Limits) -> Result<Inspection, Error> {
    let mut budget = Budget::of(limits);
    let mut session = match Session::start(child, file, limits, Task::Inspect, &mut budget).await? {
        Ok(session) => session,
        Err(death) => return Ok(damaged(&death)),
    };
    let mut found: Option<Inspection> = None;
    loop {
        match (session.next(limits, &mut budget).await?, &mut found) {
            (Event::Message(Message::Head(head)), None) => found = Some(*head),
            (Event::Message(Message::Pages(pages)), Some(found)) => found.pages.extend(pages),
            (Event::Message(Message::End), Some(_)) => break,
            (Event::Message(other), _) => {
                return Err(Error::Protocol { line: format!("{other:?}").chars().take(200).collect() });
            }
            (Event::Died(death), found) => {
                // What was found before the end (encryption, version, title) stays true.
                let known = found.take();
                return Ok(Inspection {
                    pages: Vec::new(),
                    page_count: 0,
                    outcome: Outcome::Damaged { reason: death.reason.clone() },
                    ..known.unwrap_or_else(|| damaged(&death))
                });
            }
        }
    }
    found.ok_or_else(|| Error::Protocol { line: "no inspection".into() })
}

fn damaged(death: &Death) -> Inspection {
    Inspection::without_pages(Outcome::Damaged { reason: death.reason.clone() })
}
