//! What is broken in the structure of a document. The parser repairs silently; this looks for what it had to repair.

use std::collections::BTreeSet;

use hayro_syntax::object::{Dict, FromBytes};

/// What the cross-reference sections look like.
pub(super) struct Structure<'a> {
    /// The newest trailer, if it can be reached.
    pub(super) trailer: Option<Dict<'a>>,
    pub(super) repairs: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// Follows the cross-reference sections from the end of the file back to the first.
pub(super) fn examine(bytes: &[u8]) -> Structure<'_> {
    let mut structure = Structure { trailer: None, repairs: Vec::new(), warnings: Vec::new() };
    if let Err(repair) = follow(bytes, &mut structure) {
        structure.repairs.push(repair);
    }
    if rfind(bytes, b"%%EOF").is_none() {
        structure.warnings.push("the end-of-file marker is missing".into());
    }
    if !bytes.starts_with(b"%PDF-") {
        structure.warnings.push("there are other bytes before the header".into());
    }
    structure
}

fn follow<'a>(bytes: &'a [u8], structure: &mut Structure<'a>) -> Result<(), String> {
    let keyword = rfind(bytes, b"startxref").ok_or("the pointer to the cross-reference table is missing")?;
    let mut at = integer(&mut &bytes[keyword + b"startxref".len()..]);
    let mut seen = BTreeSet::new();
    while let Some(position) = at {
        if !seen.insert(position) {
            return Err("the cross-reference sections refer to each other in a loop".into());
        }
        let section = usize::try_from(position).ok().and_then(|position| bytes.get(position..));
        let section = section.map(<[u8]>::trim_ascii_start).unwrap_or_default();
        let trailer = if let Some(table) = section.strip_prefix(b"xref") {
            after_table(bytes, table)?
        } else {
            let mut rest = section;
            let header = (integer(&mut rest), integer(&mut rest));
            rest = rest.trim_ascii_start();
            match (header, rest.strip_prefix(b"obj")) {
                ((Some(_), Some(_)), Some(object)) => object,
                _ => return Err("the pointer to the cross-reference table leads elsewhere".into()),
            }
        };
        let trailer: Dict<'_> =
            Dict::from_bytes(trailer.trim_ascii_start()).ok_or("a cross-reference section has no trailer")?;
        at = trailer.get::<i64>("Prev").and_then(|previous| u64::try_from(previous).ok());
        structure.trailer.get_or_insert(trailer);
    }
    let trailer =
        structure.trailer.as_ref().ok_or("the pointer to the cross-reference table is not a number")?;
    if trailer.contains_key("Root") { Ok(()) } else { Err("the trailer names no catalog".into()) }
}

/// Checks a classic table against the objects it points to, and returns what follows the word `trailer`.
fn after_table<'a>(bytes: &[u8], mut rest: &'a [u8]) -> Result<&'a [u8], String> {
    let (mut entries, mut wrong) = (0_u32, 0_u32);
    loop {
        rest = rest.trim_ascii_start();
        if let Some(trailer) = rest.strip_prefix(b"trailer") {
            return match wrong {
                0 => Ok(trailer),
                _ => Err(format!("{wrong} of {entries} entries of the cross-reference table lead elsewhere")),
            };
        }
        let (Some(first), Some(count)) = (integer(&mut rest), integer(&mut rest)) else {
            return Err("the cross-reference table is cut off".into());
        };
        for number in first..first.saturating_add(count) {
            let (Some(offset), Some(generation)) = (integer(&mut rest), integer(&mut rest)) else {
                return Err("the cross-reference table is shorter than it says".into());
            };
            rest = rest.trim_ascii_start();
            let kind = rest.first();
            rest = rest.get(1..).unwrap_or_default();
            if kind == Some(&b'n') && offset > 0 {
                entries += 1;
                wrong += u32::from(!is_object(bytes, offset, number, generation));
            }
        }
    }
}

fn is_object(bytes: &[u8], offset: u64, number: u64, generation: u64) -> bool {
    let Some(mut rest) = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)) else {
        return false;
    };
    integer(&mut rest) == Some(number)
        && integer(&mut rest) == Some(generation)
        && rest.trim_ascii_start().starts_with(b"obj")
}

/// Takes white space and an unsigned integer off the front.
fn integer(rest: &mut &[u8]) -> Option<u64> {
    let text = rest.trim_ascii_start();
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = std::str::from_utf8(&text[..digits]).ok()?.parse().ok()?;
    *rest = &text[digits..];
    Some(number)
}

fn rfind(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).rposition(|window| window == needle)
}
