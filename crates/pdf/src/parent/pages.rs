//! Streaming pages one by one, across the deaths of children.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::time::Duration;

use super::image::Drawing;
use super::session::{Budget, Death, Event, Session};
use super::{Child, Error};
use crate::Limits;
use crate::protocol::{ImageHead, Message, Task};
use crate::types::{FailureCode, Image, PageFailure, TextLayer, TextZone};

/// A document that kills this many children is given up: the pages not yet read fail with the last reason.
const MAX_DEATHS: usize = 64;

/// Pages that one child draws. What it keeps for later pages (fonts, glyphs) grows, and its CPU time is limited.
const DRAWN_BY_ONE: usize = 32;

/// Which pages to read. Whatever the order asked for, pages come back in ascending order, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageSelection {
    /// All pages. If the document does not open, page 1 fails with the reason.
    All,
    /// From this page to the other, both included, counted from 1.
    Range(u32, u32),
    /// These pages, counted from 1. A page the document does not have fails as `no_such_page`.
    List(Vec<u32>),
}

impl PageSelection {
    /// Ascending inclusive ranges without overlap, or `None` for all pages.
    fn ranges(self) -> Option<VecDeque<(u32, u32)>> {
        let mut pages = match self {
            Self::All => return None,
            Self::Range(first, last) => {
                return Some(VecDeque::from_iter((first <= last).then_some((first, last))));
            }
            Self::List(pages) => pages,
        };
        pages.sort_unstable();
        pages.dedup();
        let mut ranges: VecDeque<(u32, u32)> = VecDeque::new();
        for page in pages {
            match ranges.back_mut() {
                Some((_, last)) if *last + 1 == page => *last = page,
                _ => ranges.push_back((page, page)),
            }
        }
        Some(ranges)
    }
}

/// What is wanted of each page.
#[derive(Debug, Clone, Copy)]
pub(super) enum Want {
    Text,
    Image(Drawing),
}

/// What a page gave.
#[derive(Debug)]
pub(super) enum Found {
    Text(Vec<TextZone>, TextLayer),
    Image(Image),
}

/// A page that was asked for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) page_number: u32,
    pub(super) outcome: Result<Found, PageFailure>,
    pub(super) duration: Duration,
}

/// The pages of a document as a stream.
#[derive(Debug)]
pub(super) struct Reader {
    child: Child,
    file: File,
    limits: Limits,
    want: Want,
    budget: Budget,
    session: Option<Session>,
    /// Pages not yet handed out; `None` until the document tells how many there are.
    todo: Option<VecDeque<(u32, u32)>>,
    /// Pages that killed their child, handed out when their turn comes.
    failed: BTreeMap<u32, Asked>,
    /// The page the child is working on.
    current: Option<u32>,
    /// Pages that the child in hand gave.
    given: usize,
    deaths: usize,
    /// The reason why no page can be read any more.
    over: Option<PageFailure>,
}

impl Reader {
    pub(super) async fn open(
        child: &Child,
        file: File,
        limits: &Limits,
        pages: PageSelection,
        want: Want,
    ) -> Result<Self, Error> {
        let mut reader = Self {
            child: child.clone(),
            file,
            limits: limits.clone(),
            want,
            budget: Budget::of(limits),
            session: None,
            todo: pages.ranges(),
            failed: BTreeMap::new(),
            current: None,
            given: 0,
            deaths: 0,
            over: None,
        };
        reader.start().await?;
        Ok(reader)
    }

    /// The next page, or `None` after the last. Cancel safe for text; of images one may be lost.
    pub(super) async fn next(&mut self) -> Result<Option<Asked>, Error> {
        loop {
            if self.todo.as_ref().is_some_and(VecDeque::is_empty) {
                self.session = None;
                return Ok(None);
            }
            if let Some(page) = self.ready() {
                self.done(page.page_number);
                return Ok(Some(page));
            }
            let Some(session) = &mut self.session else {
                self.start().await?;
                continue;
            };
            match session.next(&self.limits, &mut self.budget).await? {
                Event::Message(Message::Opened { page_count }) => {
                    self.todo.get_or_insert_with(|| {
                        VecDeque::from_iter((page_count > 0).then_some((1, page_count)))
                    });
                }
                Event::Message(Message::Begin { page }) => self.current = Some(page),
                Event::Message(Message::Text { page, micros, zones, layer }) => {
                    let outcome = zones.map(|zones| Found::Text(zones, layer));
                    return Ok(Some(self.give(page, outcome, micros)));
                }
                Event::Message(Message::Image { page, micros, image }) => {
                    let outcome = match image {
                        Err(failure) => Err(failure),
                        Ok(head) => match self.pixels(head).await? {
                            Some(image) => Ok(Found::Image(image)),
                            None => continue,
                        },
                    };
                    return Ok(Some(self.give(page, outcome, micros)));
                }
                Event::Message(Message::Refused { code, reason }) => self.give_up(code, reason),
                // Who draws has a share of the pages; the next child goes on behind them.
                Event::Message(Message::End) if matches!(self.want, Want::Image(_)) && self.given > 0 => {
                    self.session = None;
                }
                Event::Message(Message::End) => {
                    self.give_up(FailureCode::Crashed, "the reader left this page out".into());
                }
                Event::Message(other) => return Err(not_understood(&other)),
                Event::Died(death) => self.bury(death),
            }
        }
    }

    /// The pixels behind their announcement; `None` where the child died over them.
    async fn pixels(&mut self, head: ImageHead) -> Result<Option<Image>, Error> {
        let ImageHead { width, height, dpi, page_width, page_height } = head;
        let (Want::Image(drawing), Some(session)) = (self.want, &mut self.session) else { return Ok(None) };
        let count = u64::from(width) * u64::from(height);
        // A few more than the limit come of rounding each side.
        let most = drawing.pixels.saturating_add(u64::from(width) + u64::from(height) + 1);
        let Some(count) = usize::try_from(count).ok().filter(|_| count <= most) else {
            return Err(Error::Protocol { line: format!("an image of {width} × {height} pixels") });
        };
        match session.bytes(count, &self.limits, &mut self.budget).await? {
            Ok(pixels) => Ok(Some(Image { width, height, dpi, page_width, page_height, pixels })),
            Err(death) => {
                self.bury(death);
                Ok(None)
            }
        }
    }

    fn give(&mut self, page_number: u32, outcome: Result<Found, PageFailure>, micros: u64) -> Asked {
        self.done(page_number);
        self.given += 1;
        Asked { page_number, outcome, duration: Duration::from_micros(micros) }
    }

    /// A page that can be handed out without asking a child: it killed one, or none will be asked any more.
    fn ready(&mut self) -> Option<Asked> {
        let next = self.todo.as_ref().map_or(Some(1), |todo| todo.front().map(|range| range.0))?;
        if let Some(page) = self.failed.remove(&next) {
            return Some(page);
        }
        let failure = self.over.clone()?;
        Some(Asked { page_number: next, outcome: Err(failure), duration: Duration::ZERO })
    }

    async fn start(&mut self) -> Result<(), Error> {
        let ranges = self.todo.as_ref().map(|todo| without(todo, self.failed.keys().copied()));
        if ranges.as_ref().is_some_and(Vec::is_empty) {
            return Ok(());
        }
        let task = match self.want {
            Want::Text => Task::Text { ranges, avoid: self.failed.keys().copied().collect() },
            Want::Image(Drawing { dpi, pixels }) => {
                // Each child has its own time and memory: drawing takes far more of both than reading.
                self.budget = Budget::of(&self.limits);
                Task::Draw { ranges, most: DRAWN_BY_ONE, dpi, pixels }
            }
        };
        let file = self.file.try_clone()?;
        (self.current, self.given) = (None, 0);
        match Session::start(&self.child, file, &self.limits, task, &mut self.budget).await? {
            Ok(session) => self.session = Some(session),
            Err(death) => self.bury(death),
        }
        Ok(())
    }

    /// Blames the page at work for the death of the child; with none at work, the document is to blame.
    fn bury(&mut self, death: Death) {
        self.session = None;
        self.deaths += 1;
        match self.current.take() {
            Some(page) if !self.budget.is_spent() && self.deaths <= MAX_DEATHS => {
                let outcome = Err(PageFailure { code: death.code, reason: death.reason });
                let duration =
                    if death.code == FailureCode::TimedOut { self.limits.page_time } else { Duration::ZERO };
                self.failed.insert(page, Asked { page_number: page, outcome, duration });
            }
            _ => self.give_up(death.code, death.reason),
        }
    }

    fn give_up(&mut self, code: FailureCode, reason: String) {
        self.session = None;
        self.over = Some(PageFailure { code, reason });
    }

    /// Takes a page off the list.
    fn done(&mut self, page: u32) {
        let todo = self.todo.get_or_insert_default();
        if let Some(range) = todo.front_mut()
            && range.0 == page
        {
            if range.0 < range.1 {
                range.0 += 1;
            } else {
                todo.pop_front();
            }
        }
    }
}

fn not_understood(message: &Message) -> Error {
    Error::Protocol { line: format!("{message:?}").chars().take(200).collect() }
}

/// The ranges with single pages cut out.
fn without(ranges: &VecDeque<(u32, u32)>, pages: impl Iterator<Item = u32>) -> Vec<(u32, u32)> {
    let mut left: Vec<(u32, u32)> = ranges.iter().copied().collect();
    for page in pages {
        left = left
            .into_iter()
            .flat_map(|(first, last)| {
                if page < first || page > last {
                    return [Some((first, last)), None];
                }
                let before = (first < page).then(|| (first, page - 1));
                let after = (page < last).then(|| (page + 1, last));
                [before, after]
            })
            .flatten()
            .collect();
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_pages_becomes_ascending_ranges() {
        let ranges = PageSelection::List(vec![5, 1, 2, 2, 3, 9]).ranges();
        assert_eq!(ranges, Some(VecDeque::from([(1, 3), (5, 5), (9, 9)])));
        assert_eq!(PageSelection::Range(4, 2).ranges(), Some(VecDeque::new()));
    }

    #[test]
    fn a_deadly_page_is_cut_out_of_its_range() {
        let ranges = VecDeque::from([(1, 3), (5, 5), (7, 9)]);
        assert_eq!(without(&ranges, [2, 5, 9].into_iter()), [(1, 1), (3, 3), (7, 8)]);
    }
}
