//! The items of a JSON array or of NDJSON, one after the other, with no more than one of them in memory.

use std::io::{self, BufRead, Read as _};

/// Bytes that one item may have.
pub const MAX_ITEM_BYTES: usize = 4 << 20;

/// Items of a body: a JSON array, or a JSON value on each line.
#[derive(Debug)]
pub struct Items<R> {
    reader: R,
    item: Vec<u8>,
    line: u64,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    /// Nothing read yet.
    Unknown,
    Lines,
    /// In an array, before its first item.
    Opened,
    /// In an array, behind an item and its comma.
    Within,
    Ended,
}

/// Why there are no further items.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Reading failed.
    #[error("the body cannot be read: {0}")]
    Read(#[from] io::Error),
    /// One item is too large.
    #[error("line {line}: an item is larger than {MAX_ITEM_BYTES} bytes, the most that is taken")]
    TooLarge {
        /// The line it begins on.
        line: u64,
    },
    /// What is between the items is no JSON.
    #[error("line {line}: {reason}")]
    Syntax {
        /// Where.
        line: u64,
        /// What is wrong.
        reason: &'static str,
    },
}

impl<R: BufRead> Items<R> {
    /// Items of what this reader gives.
    pub fn new(reader: R) -> Self {
        Self { reader, item: Vec::new(), line: 1, form: Form::Unknown }
    }

    /// The next item's bytes, not parsed yet, and the line it begins on; `None` at the end.
    ///
    /// # Errors
    /// The array is none, or breaks off; an item is too large; reading failed. There is nothing behind an error.
    pub fn next_item(&mut self) -> Result<Option<(&[u8], u64)>, Error> {
        if self.form == Form::Unknown {
            self.form = match self.peek()? {
                None => Form::Ended,
                Some(b'[') => {
                    self.reader.consume(1);
                    Form::Opened
                }
                Some(_) => Form::Lines,
            };
        }
        self.item.clear();
        let line = match self.form {
            Form::Lines => self.line_item()?,
            Form::Opened | Form::Within => self.array_item()?,
            Form::Unknown | Form::Ended => None,
        };
        Ok(line.map(|line| (self.item.as_slice(), line)))
    }

    fn line_item(&mut self) -> Result<Option<u64>, Error> {
        let Some(_) = self.peek()? else {
            self.form = Form::Ended;
            return Ok(None);
        };
        let line = self.line;
        let most = u64::try_from(MAX_ITEM_BYTES + 1).unwrap_or(u64::MAX);
        self.reader.by_ref().take(most).read_until(b'\n', &mut self.item)?;
        if self.item.len() > MAX_ITEM_BYTES {
            return Err(Error::TooLarge { line });
        }
        self.line += 1;
        Ok(Some(line))
    }

    fn array_item(&mut self) -> Result<Option<u64>, Error> {
        let syntax = |line, reason| Err(Error::Syntax { line, reason });
        match self.peek()? {
            None => return syntax(self.line, "the array breaks off"),
            Some(b']') if self.form == Form::Opened => {
                self.reader.consume(1);
                return self.ended();
            }
            Some(b',' | b']') => return syntax(self.line, "an item is missing between two commas"),
            Some(_) => {}
        }
        let line = self.line;
        let (mut depth, mut in_text, mut escaped) = (0_u32, false, false);
        loop {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                return syntax(self.line, "the array breaks off");
            }
            let mut end = None;
            for (at, byte) in chunk.iter().enumerate() {
                match byte {
                    b'\n' => self.line += 1,
                    _ if escaped => escaped = false,
                    b'\\' if in_text => escaped = true,
                    b'"' => in_text = !in_text,
                    _ if in_text => {}
                    b'{' | b'[' => depth += 1,
                    b',' | b']' if depth == 0 => {
                        end = Some((at, *byte));
                        break;
                    }
                    b'}' | b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            let taken = end.map_or(chunk.len(), |(at, _)| at);
            if self.item.len() + taken > MAX_ITEM_BYTES {
                return Err(Error::TooLarge { line });
            }
            self.item.extend_from_slice(&chunk[..taken]);
            self.reader.consume(taken + usize::from(end.is_some()));
            match end {
                Some((_, b',')) => self.form = Form::Within,
                Some(_) => {
                    self.ended()?;
                }
                None => continue,
            }
            return Ok(Some(line));
        }
    }

    /// Nothing may come behind an array.
    fn ended(&mut self) -> Result<Option<u64>, Error> {
        self.form = Form::Ended;
        match self.peek()? {
            None => Ok(None),
            Some(_) => Err(Error::Syntax { line: self.line, reason: "something follows behind the array" }),
        }
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Result<Option<u8>, Error> {
        loop {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                return Ok(None);
            }
            // A byte order mark, which some programs put before everything.
            if self.form == Form::Unknown && self.line == 1 && chunk.starts_with(b"\xef\xbb\xbf") {
                self.reader.consume(3);
                continue;
            }
            let blank = chunk.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.line += chunk[..blank].iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
            let found = chunk.get(blank).copied();
            self.reader.consume(blank);
            if found.is_some() {
                return Ok(found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// Every item, read in steps of few bytes.
    fn items(body: &str) -> Result<Vec<(String, u64)>, String> {
        let mut items = Items::new(BufReader::with_capacity(4, body.as_bytes()));
        let mut found = Vec::new();
        while let Some((item, line)) = items.next_item().map_err(|e| e.to_string())? {
            found.push((String::from_utf8(item.to_vec()).unwrap().trim().to_owned(), line));
        }
        Ok(found)
    }

    #[test]
    fn an_array_and_lines_hold_the_same_items() {
        let expected = [(r#"{"a":"],\"["}"#, 1), (r#"{"b":[1,{"c":2}]}"#, 2), ("3", 3)];
        let expected: Vec<_> = expected.iter().map(|(item, line)| ((*item).to_owned(), *line)).collect();
        assert_eq!(items("[{\"a\":\"],\\\"[\"},\n {\"b\":[1,{\"c\":2}]},\n3 ] \n").unwrap(), expected);
        assert_eq!(items("{\"a\":\"],\\\"[\"}\n {\"b\":[1,{\"c\":2}]}\n3").unwrap(), expected);
        for empty in ["", " \n ", "[]", " [ ]\n"] {
            assert_eq!(items(empty).unwrap(), [], "{empty:?}");
        }
    }

    #[test]
    fn an_array_that_is_none_is_refused_with_the_line() {
        for (body, reason) in [
            ("[", "line 1: the array breaks off"),
            ("[{\n", "line 2: the array breaks off"),
            ("[1,\n,2]", "line 2: an item is missing"),
            ("[1,]", "line 1: an item is missing"),
            ("[1] 2", "line 1: something follows"),
        ] {
            let refused = items(body).unwrap_err();
            assert!(refused.contains(reason), "{body:?}: {refused}");
        }
    }

    #[test]
    fn an_item_that_is_too_large_is_refused() {
        let long = "1".repeat(MAX_ITEM_BYTES + 1);
        assert!(items(&long).unwrap_err().contains("larger than"));
        assert!(items(&format!("[{long}]")).unwrap_err().contains("larger than"));
    }
}
