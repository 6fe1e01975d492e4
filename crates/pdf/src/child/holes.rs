//! A large document in memory without what nobody asks for: the pixels of its pictures, say, stay zeros that take no room.
//!
//! A page of zeros that was never written to is no memory at all, so a document of a gigabyte may take a few hundred
//! kilobytes. Where a stream does not end exactly where its dictionary says, it is read as it is.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Documents below this are read whole.
pub(super) const LARGE: u64 = 16 << 20;

/// Streams below this are read: looking for their ends would take as long.
const HOLE: usize = 256 << 10;
/// Bytes read at a time.
const WINDOW: usize = 64 << 10;
/// No dictionary of a stream that is left out is longer.
const DICTIONARY: usize = 4 << 10;

const STREAM: &[u8] = b"stream";
const END: &[u8] = b"endstream";

/// Which streams need not be read, by their dictionaries.
pub(super) type Skip = fn(&[u8]) -> bool;

/// For the structure of a document: all but what may hold objects or say where they are.
pub(super) fn without_contents(dictionary: &[u8]) -> bool {
    !holds(dictionary, b"/ObjStm") && !holds(dictionary, b"/XRef")
}

/// For its text: pictures. No text is in them, and no font.
pub(super) fn without_pictures(dictionary: &[u8]) -> bool {
    holds(dictionary, b"/Subtype/Image") || holds(dictionary, b"/Subtype /Image")
}

/// For drawing: all of it is read.
pub(super) fn without_nothing(_dictionary: &[u8]) -> bool {
    false
}

/// Reads a file of so many bytes, with holes. None where more than `most` bytes would have to be read.
pub(super) fn read(file: &File, length: usize, skip: Skip, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; length];
    let (mut at, mut taken) = (0, 0);
    while at < length {
        let end = length.min(at + WINDOW);
        taken += (end - at) as u64;
        if taken > most {
            return Ok(None);
        }
        file.read_exact_at(&mut bytes[at..end], at as u64)?;
        at = after_hole(file, &bytes[..end], at, skip)?.unwrap_or(end);
    }
    Ok(Some(bytes))
}

/// Where a stream ends that begins in the window and need not be read.
fn after_hole(file: &File, read: &[u8], window: usize, skip: Skip) -> io::Result<Option<usize>> {
    // The keyword may lie across the window's beginning.
    let mut from = window.saturating_sub(STREAM.len() + 1);
    while let Some(found) = position(&read[from..], STREAM) {
        let keyword = from + found;
        from = keyword + STREAM.len();
        let Some(begin) = data_after(read, from) else { continue };
        let before = &read[keyword.saturating_sub(DICTIONARY)..keyword];
        let Some(object) = before.windows(4).rposition(|four| four == b" obj") else { continue };
        let dictionary = &before[object..];
        let Some(length) = length_of(dictionary).filter(|length| *length >= HOLE) else { continue };
        if !skip(dictionary) {
            continue;
        }
        let Some(end) = begin.checked_add(length) else { continue };
        if ends_at(file, end)? {
            // What was read of it already does no harm.
            return Ok((end > read.len()).then_some(end));
        }
    }
    Ok(None)
}

/// Where the data begin, if this is the end of a stream's keyword.
fn data_after(read: &[u8], keyword_end: usize) -> Option<usize> {
    match read.get(keyword_end..)? {
        [b'\r', b'\n', ..] => Some(keyword_end + 2),
        [b'\n', ..] => Some(keyword_end + 1),
        _ => None,
    }
}

/// The stream's length, where the dictionary says it itself and not by a reference.
fn length_of(dictionary: &[u8]) -> Option<usize> {
    let (mut from, mut length) = (0, None);
    while let Some(found) = position(&dictionary[from..], b"/Length") {
        from += found + b"/Length".len();
        let rest = &dictionary[from..];
        // `/Length1` of a font is something else.
        if rest.first().is_some_and(u8::is_ascii_alphanumeric) {
            continue;
        }
        let text = std::str::from_utf8(rest.get(..rest.len().min(40))?).unwrap_or_default();
        let mut words = text.split_ascii_whitespace().map(|word| word.trim_end_matches(['>', '/']));
        let number = words.next()?.split('/').next()?.parse().ok()?;
        let is_reference = words.next().is_some_and(|word| word.parse::<u32>().is_ok());
        if is_reference || length.is_some() {
            return None;
        }
        length = Some(number);
    }
    length
}

fn ends_at(file: &File, end: usize) -> io::Result<bool> {
    let mut bytes = [0; 16];
    let read = file.read_at(&mut bytes, end as u64)?;
    Ok(bytes[..read].trim_ascii_start().starts_with(END))
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    position(bytes, needle).is_some()
}

fn position(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    // The first byte alone is looked for eight or more at a time.
    while let Some(found) = bytes[from..].iter().position(|byte| *byte == first) {
        let at = from + found;
        if bytes[at..].starts_with(needle) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// A document with a stream of this dictionary, and where the stream lies.
    fn document(dictionary: &str, declared: usize, size: usize) -> (Vec<u8>, std::ops::Range<usize>) {
        let mut bytes = b"%PDF-1.7\n".to_vec();
        // So that the keyword lies across the end of a window.
        bytes.resize(WINDOW - 60, b'%');
        bytes.extend(format!("\n4 0 obj\n<< {dictionary} /Length {declared} >>\nstream\n").as_bytes());
        let begin = bytes.len();
        bytes.extend((0..size).map(|n| u8::try_from(n % 251 + 1).unwrap()));
        bytes.extend(b"\nendstream\nendobj\n5 0 obj\n<< >>\nendobj\n%%EOF\n");
        (bytes, begin..begin + size)
    }

    fn read_back(bytes: &[u8], skip: Skip) -> Vec<u8> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        read(&file, bytes.len(), skip, u64::MAX).unwrap().unwrap()
    }

    fn zeros(bytes: &[u8]) -> usize {
        bytes.iter().map(|byte| usize::from(*byte == 0)).sum()
    }

    #[test]
    fn pixels_are_left_out_and_everything_else_is_read() {
        let (bytes, stream) = document("/Type /XObject /Subtype /Image", 2_000_000, 2_000_000);
        for skip in [without_contents as Skip, without_pictures] {
            let found = read_back(&bytes, skip);
            assert_eq!(found[..stream.start], bytes[..stream.start]);
            assert_eq!(found[stream.end..], bytes[stream.end..]);
            assert!(zeros(&found) > 2_000_000 - WINDOW, "{}", zeros(&found));
        }
    }

    #[test]
    fn a_stream_that_may_be_needed_or_ends_elsewhere_is_read() {
        for (dictionary, declared, skip) in [
            ("/Type /ObjStm", 2_000_000, without_contents as Skip),
            ("/Type /XRef", 2_000_000, without_contents),
            ("/Filter /FlateDecode", 2_000_000, without_pictures),
            ("/Subtype /Image", 1_999_000, without_pictures),
            ("/Subtype /Image", 3_000_000, without_pictures),
            ("/Subtype /Image /Length 7 0 R", 2_000_000, without_pictures),
            ("/Subtype /Image /Length 99999999999999999999", 2_000_000, without_pictures),
        ] {
            let (bytes, _) = document(dictionary, declared, 2_000_000);
            assert!(read_back(&bytes, skip) == bytes, "{dictionary}");
        }
        let (bytes, _) = document("/Subtype /Image", 100_000, 100_000);
        assert!(read_back(&bytes, without_pictures) == bytes, "a small one");
    }
}
