//! Tables: rows whose chunks stand in columns.

use kurbo::Rect;

use super::rows::{Chunk, Row};
use super::writing;

/// Without lines around it, a table has cells no longer than this on average; prose in columns has.
const SHORT_CELL: usize = 28;
/// With lines drawn around it, cells may be longer.
const RULED_CELL: usize = 70;

/// Takes the rows of tables out of all rows.
pub(super) fn take(rows: Vec<Row>, rules: &[Rect]) -> (Vec<Vec<Row>>, Vec<Row>) {
    let mut tables = Vec::new();
    let mut rest = Vec::new();
    let mut candidate: Vec<Row> = Vec::new();
    for row in rows {
        if !continues(&candidate, &row) {
            finish(std::mem::take(&mut candidate), rules, &mut tables, &mut rest);
        }
        candidate.push(row);
    }
    finish(candidate, rules, &mut tables, &mut rest);
    (tables, rest)
}

/// Whether a row can belong to the same table as the rows above it.
fn continues(above: &[Row], row: &Row) -> bool {
    let Some(last) = above.last() else { return true };
    let size = row.size().max(last.size());
    let close = row.base - last.base <= 2.8 * size && row.size().min(last.size()) > 0.75 * size;
    close && columns(above.iter().chain([row])).len() >= 2
}

/// The column intervals that the chunks leave when projected on the line.
fn columns<'r>(rows: impl Iterator<Item = &'r Row>) -> Vec<(f64, f64)> {
    let mut spans: Vec<(f64, f64)> =
        rows.flat_map(|row| &row.chunks).map(|chunk| (chunk.x0, chunk.x1)).collect();
    spans.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(std::cmp::Ordering::Equal));
    let mut columns: Vec<(f64, f64)> = Vec::new();
    for span in spans {
        match columns.last_mut() {
            Some(column) if span.0 <= column.1 => column.1 = column.1.max(span.1),
            _ => columns.push(span),
        }
    }
    columns
}

/// Decides on a group of rows; single rows at its ends that are no rows of a table are left to the text.
fn finish(mut rows: Vec<Row>, rules: &[Rect], tables: &mut Vec<Vec<Row>>, rest: &mut Vec<Row>) {
    let first = rows.iter().position(|row| row.chunks.len() > 1).unwrap_or(rows.len());
    rest.extend(rows.drain(..first));
    let last = rows.iter().rposition(|row| row.chunks.len() > 1).map_or(0, |last| last + 1);
    let after = rows.split_off(last);
    if is_table(&rows, rules) {
        tables.push(rows);
    } else {
        rest.extend(rows);
    }
    rest.extend(after);
}

fn is_table(rows: &[Row], rules: &[Rect]) -> bool {
    let columns = columns(rows.iter()).len();
    let cells: Vec<&Chunk> = rows.iter().flat_map(|row| &row.chunks).collect();
    let several = rows.iter().filter(|row| row.chunks.len() > 1).count();
    if columns < 2 || several < 2 || cells.is_empty() {
        return false;
    }
    let average = cells.iter().map(|cell| width(cell)).sum::<usize>() / cells.len();
    let has_lines = is_ruled(&cells, rules);
    let filled = cells.len() * 100 / (columns * rows.len());
    let (cell, enough) =
        if has_lines { (RULED_CELL, several >= 2) } else { (SHORT_CELL, several >= 3 || columns >= 4) };
    enough && average <= cell && filled >= 40 && several * 2 >= rows.len()
}

/// Letters in a cell; an ideograph says as much as two or three of them.
fn width(cell: &Chunk) -> usize {
    cell.text.chars().map(|char| if writing::is_ideograph(char) { 3 } else { 1 }).sum()
}

/// Whether at least two horizontal lines run through the place where the cells stand.
fn is_ruled(cells: &[&Chunk], rules: &[Rect]) -> bool {
    let x0 = cells.iter().map(|cell| cell.x0).fold(f64::INFINITY, f64::min);
    let x1 = cells.iter().map(|cell| cell.x1).fold(f64::NEG_INFINITY, f64::max);
    let y0 = cells.iter().map(|cell| cell.base - 2.5 * cell.size).fold(f64::INFINITY, f64::min);
    let y1 = cells.iter().map(|cell| cell.base + 1.5 * cell.size).fold(f64::NEG_INFINITY, f64::max);
    let mut heights: Vec<f64> = rules
        .iter()
        .filter(|rule| rule.width() > rule.height() && rule.y0 >= y0 && rule.y1 <= y1)
        .filter(|rule| rule.x0 < x1 && rule.x1 > x0)
        .map(Rect::min_y)
        .collect();
    heights.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    heights.dedup_by(|a, b| (*a - *b).abs() < 4.0);
    heights.len() >= 2
}
