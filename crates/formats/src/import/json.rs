//! JSON as a stream, element by element, each within its budget.

use std::io::Read;

use serde_json::{Map, Value};
use struson::reader::{JsonReader as _, JsonStreamReader, ReaderError, ValueType};
use struson::serde::DeserializerError;

use super::bounded::{Bounded, Budget};
use super::{ImportError, Limits};

/// A file that is one JSON value.
pub struct Json<R: Read> {
    reader: JsonStreamReader<Bounded<R>>,
    budget: Budget,
    limits: Limits,
    format: &'static str,
}

impl<R: Read> Json<R> {
    pub fn new(input: R, format: &'static str, limits: Limits) -> Self {
        let budget = Budget::new(limits.element_bytes);
        Self { reader: JsonStreamReader::new(Bounded::new(input, budget.clone())), budget, limits, format }
    }

    /// Goes through the members of the object that comes next; `member` takes each one's value.
    pub fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, &str) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        self.budget.renew();
        self.reader.begin_object().map_err(|e| self.broken(&e))?;
        while self.has_next()? {
            self.budget.renew();
            let name = self.reader.next_name_owned().map_err(|e| self.broken(&e))?;
            member(self, &name)?;
        }
        self.reader.end_object().map_err(|e| self.broken(&e))
    }

    /// Goes through the items of the array that comes next; `null` counts as an empty one.
    pub fn array(
        &mut self,
        mut item: impl FnMut(&mut Self, u64) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        self.budget.renew();
        if self.peek()? == ValueType::Null {
            return self.skip();
        }
        self.reader.begin_array().map_err(|e| self.broken(&e))?;
        let mut index = 0;
        while self.has_next()? {
            self.budget.renew();
            item(self, index)?;
            index += 1;
        }
        self.reader.end_array().map_err(|e| self.broken(&e))
    }

    /// The object that comes next, without the members that `skip` names; and those of these that were not null.
    pub fn members_without(
        &mut self,
        skip: &[&str],
    ) -> Result<(Map<String, Value>, Vec<String>), ImportError> {
        let (mut members, mut skipped) = (Map::new(), Vec::new());
        self.budget.renew();
        self.reader.begin_object().map_err(|e| self.broken(&e))?;
        while self.has_next()? {
            let name = self.reader.next_name_owned().map_err(|e| self.broken(&e))?;
            if skip.contains(&name.as_str()) {
                if self.peek()? != ValueType::Null {
                    skipped.push(name);
                }
                self.skip()?;
            } else {
                let value = self.value_within_budget()?;
                members.insert(name, value);
            }
        }
        self.reader.end_object().map_err(|e| self.broken(&e))?;
        Ok((members, skipped))
    }

    /// The value that comes next, whole.
    pub fn value(&mut self) -> Result<Value, ImportError> {
        self.budget.renew();
        self.value_within_budget()
    }

    /// Goes past the value that comes next, however long it is.
    pub fn skip(&mut self) -> Result<(), ImportError> {
        self.budget.suspend();
        let skipped = self.reader.skip_value().map_err(|e| self.broken(&e));
        self.budget.renew();
        skipped
    }

    /// Whether an object comes next.
    pub fn is_object(&mut self) -> Result<bool, ImportError> {
        Ok(self.peek()? == ValueType::Object)
    }

    /// Whether an array comes next.
    pub fn is_array(&mut self) -> Result<bool, ImportError> {
        Ok(self.peek()? == ValueType::Array)
    }

    /// Nothing but space may follow.
    pub fn end(self) -> Result<(), ImportError> {
        let (format, place) = (self.format, self.place());
        self.reader.consume_trailing_whitespace().map_err(|error| ImportError::Malformed {
            format,
            place,
            reason: error.to_string(),
        })
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
        self.reader.current_position(true).to_string()
    }

    fn has_next(&mut self) -> Result<bool, ImportError> {
        self.reader.has_next().map_err(|e| self.broken(&e))
    }

    fn peek(&mut self) -> Result<ValueType, ImportError> {
        self.reader.peek().map_err(|e| self.broken(&e))
    }

    fn value_within_budget(&mut self) -> Result<Value, ImportError> {
        match self.reader.deserialize_next() {
            Ok(value) => Ok(value),
            Err(DeserializerError::ReaderError(error)) => Err(self.broken(&error)),
            Err(error) => Err(self.malformed(error.to_string())),
        }
    }

    fn broken(&self, error: &ReaderError) -> ImportError {
        match error {
            ReaderError::IoError { .. } if self.budget.is_spent() => {
                self.too_large(format!("one element is longer than {} bytes", self.limits.element_bytes))
            }
            ReaderError::MaxNestingDepthExceeded { max_nesting_depth, .. } => {
                self.too_large(format!("values lie deeper than {max_nesting_depth}"))
            }
            error => self.malformed(error.to_string()),
        }
    }
}

/// A string of an object, taken out of it.
pub fn take_string(members: &mut Map<String, Value>, name: &str) -> Option<String> {
    match members.remove(name) {
        Some(Value::String(text)) => Some(text),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(other) if !other.is_null() => {
            members.insert(name.to_owned(), other);
            None
        }
        _ => None,
    }
}

/// A list of numbers; `None` where it is none, or holds anything else.
pub fn numbers(value: &Value) -> Option<Vec<f64>> {
    value.as_array()?.iter().map(Value::as_f64).collect()
}

/// Takes away what says nothing: null, and empty lists and objects.
pub fn without_empty(members: Map<String, Value>) -> Map<String, Value> {
    let says_something = |value: &Value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    };
    members.into_iter().filter(|(_, value)| says_something(value)).collect()
}
