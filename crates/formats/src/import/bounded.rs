//! A file of which one element may only be so long, and of which one knows in which line one is.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// What an element may still take; shared by the reader and whoever tells elements apart.
#[derive(Debug, Clone)]
pub struct Budget {
    left: Rc<Cell<u64>>,
    line: Rc<Cell<u64>>,
    per_element: u64,
}

impl Budget {
    pub fn new(per_element: u64) -> Self {
        Self { left: Rc::new(Cell::new(per_element)), line: Rc::new(Cell::new(1)), per_element }
    }

    /// The next element begins.
    pub fn renew(&self) {
        self.left.set(self.per_element);
    }

    /// What comes now is skipped and not kept: it may be as long as it likes.
    pub fn suspend(&self) {
        self.left.set(u64::MAX);
    }

    pub fn line(&self) -> u64 {
        self.line.get()
    }

    /// Whether it was the budget that ended the reading.
    pub fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    /// So much of `bytes` may be taken at once.
    fn most(&self, bytes: usize) -> usize {
        bytes.min(usize::try_from(self.left.get()).unwrap_or(usize::MAX))
    }

    fn take(&self, bytes: &[u8]) {
        self.left.set(self.left.get().saturating_sub(bytes.len() as u64));
        let lines = (bytes.split(|byte| *byte == b'\n').count() - 1) as u64;
        self.line.set(self.line.get() + lines);
    }
}

/// A reader that keeps to a budget.
pub struct Bounded<R> {
    inner: R,
    budget: Budget,
}

impl<R> Bounded<R> {
    pub fn new(inner: R, budget: Budget) -> Self {
        Self { inner, budget }
    }

    fn refuse_if_spent(&self) -> io::Result<()> {
        if self.budget.is_spent() { Err(io::Error::other("one element is too large")) } else { Ok(()) }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.refuse_if_spent()?;
        let most = self.budget.most(buffer.len());
        let read = self.inner.read(&mut buffer[..most])?;
        self.budget.take(&buffer[..read]);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.refuse_if_spent()?;
        let filled = self.inner.fill_buf()?;
        Ok(&filled[..self.budget.most(filled.len())])
    }

    fn consume(&mut self, amount: usize) {
        // What was filled stands there still: no second read.
        if let Ok(filled) = self.inner.fill_buf() {
            self.budget.take(&filled[..amount.min(filled.len())]);
        }
        self.inner.consume(amount);
    }
}
