//! XML as a stream of elements with local names, their attributes and texts.
//!
//! No entity is expanded but the five of XML and those of characters; a document type with declarations of its own is
//! refused, and so is what lies too deep or is too long.

use std::io::BufRead;

use quick_xml::events::{BytesStart, Event as XmlEvent};
use quick_xml::{Reader, XmlVersion};

use super::bounded::{Bounded, Budget};
use super::{ImportError, Limits};

/// What comes next.
#[derive(Debug)]
pub enum Node {
    /// An element begins.
    Open(Element),
    /// Text within an element.
    Text(String),
    /// The element that was opened last ends: its name.
    Close(String),
    /// The file ends.
    End,
}

/// An element with its attributes, without their prefixes.
#[derive(Debug)]
pub struct Element {
    pub name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.trim().parse().ok()
    }

    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// A file of XML.
pub struct Xml<R> {
    reader: Reader<Bounded<R>>,
    budget: Budget,
    buffer: Vec<u8>,
    open: Vec<String>,
    /// An element without content: its end comes next.
    empty: bool,
    limits: Limits,
    format: &'static str,
    seen_root: bool,
}

impl<R: BufRead> Xml<R> {
    pub fn new(input: R, format: &'static str, limits: Limits) -> Self {
        let budget = Budget::new(limits.element_bytes);
        let mut reader = Reader::from_reader(Bounded::new(input, budget.clone()));
        reader.config_mut().check_end_names = true;
        Self {
            reader,
            budget,
            buffer: Vec::new(),
            open: Vec::new(),
            empty: false,
            limits,
            format,
            seen_root: false,
        }
    }

    /// The next node that matters: no comments, no processing instructions.
    pub fn next(&mut self) -> Result<Node, ImportError> {
        if self.empty {
            self.empty = false;
            return Ok(Node::Close(self.open.pop().unwrap_or_default()));
        }
        loop {
            self.budget.renew();
            self.buffer.clear();
            if self.buffer.capacity() > 1 << 20 {
                self.buffer.shrink_to(1 << 16);
            }
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event.into_owned(),
                Err(error) => return Err(self.broken(&error)),
            };
            match event {
                XmlEvent::Start(start) => return self.open(&start).map(Node::Open),
                XmlEvent::Empty(start) => {
                    let element = self.open(&start)?;
                    self.empty = true;
                    return Ok(Node::Open(element));
                }
                XmlEvent::End(_) => {
                    return Ok(Node::Close(self.open.pop().unwrap_or_default()));
                }
                XmlEvent::Text(text) => {
                    let text = text.xml10_content().map_err(|e| self.malformed(e.to_string()))?;
                    return Ok(Node::Text(text.into_owned()));
                }
                XmlEvent::CData(text) => {
                    let text = text.xml10_content().map_err(|e| self.malformed(e.to_string()))?;
                    return Ok(Node::Text(text.into_owned()));
                }
                XmlEvent::GeneralRef(reference) => {
                    let name = String::from_utf8_lossy(&reference).into_owned();
                    return self.character(&name).map(|c| Node::Text(c.to_string()));
                }
                XmlEvent::DocType(text) if text.contains(&b'[') => {
                    return Err(self.malformed("declarations in a document type are not read".to_owned()));
                }
                XmlEvent::Decl(declaration) => {
                    if let Some(Ok(encoding)) = declaration.encoding()
                        && !encoding.eq_ignore_ascii_case(b"utf-8")
                        && !encoding.eq_ignore_ascii_case(b"us-ascii")
                    {
                        let encoding = String::from_utf8_lossy(&encoding).into_owned();
                        return Err(self.malformed(format!("the encoding is {encoding}; UTF-8 is read")));
                    }
                }
                XmlEvent::DocType(_) | XmlEvent::Comment(_) | XmlEvent::PI(_) => {}
                XmlEvent::Eof if !self.open.is_empty() => {
                    let element = self.open.last().cloned().unwrap_or_default();
                    return Err(self.malformed(format!("the file ends within <{element}>")));
                }
                XmlEvent::Eof if !self.seen_root => {
                    return Err(self.malformed("there is no element".to_owned()));
                }
                XmlEvent::Eof => return Ok(Node::End),
            }
        }
    }

    /// The names of the elements that are open, the innermost last.
    pub fn path(&self) -> &[String] {
        &self.open
    }

    /// A breach of the format's rules here.
    pub fn malformed(&self, reason: String) -> ImportError {
        ImportError::Malformed { format: self.format, place: self.place(), reason }
    }

    /// More of something than may be, here.
    pub fn too_large(&self, reason: String) -> ImportError {
        ImportError::TooLarge { format: self.format, place: self.place(), reason }
    }

    fn place(&self) -> String {
        format!("line {}", self.budget.line())
    }

    fn broken(&self, error: &quick_xml::Error) -> ImportError {
        match error {
            quick_xml::Error::Io(_) if self.budget.is_spent() => {
                self.too_large(format!("an element is longer than {} bytes", self.limits.element_bytes))
            }
            quick_xml::Error::Io(error) => {
                ImportError::Io(std::io::Error::new(error.kind(), error.to_string()))
            }
            error => self.malformed(error.to_string()),
        }
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<Element, ImportError> {
        self.seen_root = true;
        let name = self.utf8(start.local_name().into_inner())?;
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|e| self.malformed(format!("in <{name}>: {e}")))?;
            let key = self.utf8(attribute.key.local_name().into_inner())?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|e| self.malformed(format!("{key} of <{name}>: {e}")))?;
            let declares = attribute.key.prefix().is_some_and(|prefix| prefix.into_inner() == b"xmlns");
            let own = start.name().prefix().is_some_and(|prefix| prefix.into_inner() == key.as_bytes());
            match (declares, own) {
                // The element's own namespace, whichever way it is declared.
                (true, true) => attributes.insert(0, ("xmlns".to_owned(), value.into_owned())),
                (true, false) => {}
                (false, _) => attributes.push((key, value.into_owned())),
            }
        }
        self.open.push(name.clone());
        if self.open.len() > self.limits.depth {
            return Err(self.too_large(format!("elements lie deeper than {}", self.limits.depth)));
        }
        Ok(Element { name, attributes })
    }

    fn utf8(&self, bytes: &[u8]) -> Result<String, ImportError> {
        String::from_utf8(bytes.to_vec()).map_err(|_| self.malformed("a name that is no UTF-8".to_owned()))
    }

    fn character(&self, name: &str) -> Result<char, ImportError> {
        let number = match name.strip_prefix("#x") {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok(),
            None => name.strip_prefix('#').and_then(|decimal| decimal.parse().ok()),
        };
        let named = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => None,
        };
        named
            .or_else(|| number.and_then(char::from_u32))
            .ok_or_else(|| self.malformed(format!("&{name}; is no character that is known here")))
    }
}
