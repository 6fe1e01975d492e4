//! The table that tesseract answers with: a row for each page, block, paragraph, line and word.

/// How the table begins.
const HEADING: &str = "level\tpage_num\t";

/// A box in pixels of the picture, from its top left; right and bottom edge are just outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelBox {
    /// Left edge.
    pub x0: u32,
    /// Top edge.
    pub y0: u32,
    /// Right edge.
    pub x1: u32,
    /// Bottom edge.
    pub y1: u32,
}

/// What was read on a picture, in the order of reading.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recognised {
    /// Its paragraphs.
    pub paragraphs: Vec<Paragraph>,
    /// What tesseract took for an image rather than for writing.
    pub images: Vec<ImageArea>,
}

/// What is an image rather than writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageArea {
    /// Where it is.
    pub bbox: PixelBox,
    /// How many paragraphs come before it.
    pub after: usize,
}

/// A paragraph: one line at least.
#[derive(Debug, Clone, PartialEq)]
pub struct Paragraph {
    /// Where it is.
    pub bbox: PixelBox,
    /// Its lines, none without a word.
    pub lines: Vec<Line>,
}

/// A line: one word at least.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Where it is.
    pub bbox: PixelBox,
    /// Its words.
    pub words: Vec<Word>,
}

/// A word.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Where it is.
    pub bbox: PixelBox,
    /// What it says, without white space around it.
    pub text: String,
    /// How sure tesseract is, 0 to 100.
    pub confidence: f64,
}

/// Reads the table; `None` where it does not begin as one. A row that cannot be read is left out, and so is what is
/// outside a picture of this size.
pub fn parse(table: &str, width: u32, height: u32) -> Option<Recognised> {
    let rows = table.strip_prefix(HEADING)?;
    let mut read = Recognised::default();
    // Whether the next word begins a paragraph, or a line.
    let mut boxes: [Option<PixelBox>; 2] = [None, None];
    for row in rows.lines().filter_map(|line| Row::parse(line, width, height)) {
        match row.level {
            2 => boxes = [None, None],
            3 => boxes = [Some(row.bbox), None],
            4 => boxes[1] = Some(row.bbox),
            5 if row.text.is_empty() => {
                read.images.push(ImageArea { bbox: row.bbox, after: read.paragraphs.len() });
            }
            5 if row.confidence >= 0.0 => {
                if boxes[0].is_some() || read.paragraphs.is_empty() {
                    let bbox = boxes[0].take().unwrap_or(row.bbox);
                    read.paragraphs.push(Paragraph { bbox, lines: Vec::new() });
                }
                let Some(paragraph) = read.paragraphs.last_mut() else { continue };
                if boxes[1].is_some() || paragraph.lines.is_empty() {
                    let bbox = boxes[1].take().unwrap_or(row.bbox);
                    paragraph.lines.push(Line { bbox, words: Vec::new() });
                }
                let Some(line) = paragraph.lines.last_mut() else { continue };
                line.words.push(Word {
                    bbox: row.bbox,
                    text: row.text.to_owned(),
                    confidence: row.confidence.min(100.0),
                });
            }
            _ => {}
        }
    }
    Some(read)
}

struct Row<'a> {
    level: u8,
    bbox: PixelBox,
    confidence: f64,
    text: &'a str,
}

impl<'a> Row<'a> {
    fn parse(line: &'a str, width: u32, height: u32) -> Option<Self> {
        let mut columns = line.splitn(12, '\t');
        let level = columns.next()?.parse().ok()?;
        let mut numbers = columns.by_ref().skip(5).take(4).map(|column| column.parse::<u32>().ok());
        let (x0, y0) = (numbers.next()??, numbers.next()??);
        let (across, down) = (numbers.next()??, numbers.next()??);
        let (x1, y1) = (x0.checked_add(across)?.min(width), y0.checked_add(down)?.min(height));
        if x0 >= x1 || y0 >= y1 {
            return None;
        }
        let confidence: f64 = columns.next()?.parse().ok()?;
        let text = columns.next().unwrap_or_default().trim();
        let bbox = PixelBox { x0, y0, x1, y1 };
        confidence.is_finite().then_some(Self { level, bbox, confidence, text })
    }
}

impl Recognised {
    /// The mean of all words' confidences, each weighed by its characters, 0 to 1; `None` where there is no word.
    pub fn confidence(&self) -> Option<f64> {
        let lines = || self.paragraphs.iter().flat_map(|paragraph| &paragraph.lines);
        lines().next()?;
        Some(confidence(lines().flat_map(|line| &line.words)))
    }

    /// The same on a picture of this size that is the other way up.
    pub(crate) fn turned_over(mut self, width: u32, height: u32) -> Self {
        let turn = |bbox: &mut PixelBox| {
            *bbox = PixelBox {
                x0: width - bbox.x1,
                y0: height - bbox.y1,
                x1: width - bbox.x0,
                y1: height - bbox.y0,
            };
        };
        self.images.iter_mut().for_each(|area| turn(&mut area.bbox));
        for paragraph in &mut self.paragraphs {
            turn(&mut paragraph.bbox);
            for line in &mut paragraph.lines {
                turn(&mut line.bbox);
                line.words.iter_mut().for_each(|word| turn(&mut word.bbox));
            }
        }
        self
    }
}

impl Paragraph {
    /// Its text: lines by `\n`, words by spaces, but between ideographs.
    pub fn content(&self) -> String {
        self.lines.iter().map(Line::content).collect::<Vec<_>>().join("\n")
    }

    /// The mean of its words' confidences, each weighed by its characters; 0 to 1.
    pub fn confidence(&self) -> f64 {
        confidence(self.lines.iter().flat_map(|line| &line.words))
    }

    /// By how much the writing is turned, in degrees clockwise: 0, 90, 180 or 270. Known by where its words follow each
    /// other; 0 where no line has two.
    pub fn rotation(&self) -> u16 {
        let mut votes = [0_i64; 4];
        for line in &self.lines {
            let [first, .., last] = line.words.as_slice() else { continue };
            let along = |from: u32, to: u32| i64::from(to) - i64::from(from);
            let right = along(first.bbox.x0 + first.bbox.x1, last.bbox.x0 + last.bbox.x1) / 2;
            let down = along(first.bbox.y0 + first.bbox.y1, last.bbox.y0 + last.bbox.y1) / 2;
            let quarter = match (right.abs() >= down.abs(), right >= 0, down >= 0) {
                // Writing from right to left looks alike, and is far more frequent than a page upside down.
                (true, true, _) => 0,
                (true, false, _) => {
                    if line.is_right_to_left() {
                        0
                    } else {
                        2
                    }
                }
                (false, _, true) => 1,
                (false, _, false) => 3,
            };
            votes[quarter] += right.abs().max(down.abs());
        }
        let most = (0..4).max_by_key(|quarter| (votes[*quarter], *quarter == 0)).unwrap_or_default();
        [0, 90, 180, 270][most]
    }
}

impl Line {
    /// Its text.
    pub fn content(&self) -> String {
        let mut content = String::new();
        for word in &self.words {
            let apart = !content.ends_with(is_ideograph) || !word.text.starts_with(is_ideograph);
            if apart && !content.is_empty() {
                content.push(' ');
            }
            content.push_str(&word.text);
        }
        content
    }

    /// The mean of its words' confidences, each weighed by its characters; 0 to 1.
    pub fn confidence(&self) -> f64 {
        confidence(&self.words)
    }

    fn is_right_to_left(&self) -> bool {
        // Hebrew, Arabic, Syriac, Thaana and the presentation forms.
        let right_to_left =
            |c: char| matches!(c, '\u{590}'..='\u{7bf}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}');
        self.words.iter().any(|word| word.text.contains(right_to_left))
    }
}

#[allow(clippy::cast_precision_loss, reason = "a page has far fewer characters than 2^52")]
fn confidence<'a>(words: impl IntoIterator<Item = &'a Word>) -> f64 {
    let (sum, characters) = words.into_iter().fold((0.0, 0.0), |(sum, characters), word| {
        let weight = word.text.chars().count() as f64;
        (sum + weight * word.confidence, characters + weight)
    });
    if characters > 0.0 { (sum / characters / 100.0).clamp(0.0, 1.0) } else { 0.0 }
}

/// Writing that puts no spaces between words: Chinese characters and kana.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str =
        "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext
1\t1\t0\t0\t0\t0\t0\t0\t1000\t800\t-1\t
2\t1\t1\t0\t0\t0\t10\t20\t300\t90\t-1\t
3\t1\t1\t1\t0\t0\t10\t20\t300\t90\t-1\t
4\t1\t1\t1\t1\t0\t10\t20\t300\t40\t-1\t
5\t1\t1\t1\t1\t1\t10\t20\t100\t40\t90\tWhat
5\t1\t1\t1\t1\t2\t120\t20\t190\t40\t60\tis
4\t1\t1\t1\t2\t0\t10\t70\t300\t40\t-1\t
5\t1\t1\t1\t2\t1\t10\t70\t300\t40\t75.5\twritten
3\t1\t1\t2\t0\t0\t10\t120\t300\t40\t-1\t
4\t1\t1\t2\t1\t0\t10\t120\t300\t40\t-1\t
5\t1\t1\t2\t1\t1\t10\t120\t100\t40\t50\tLast
2\t1\t2\t0\t0\t0\t400\t400\t300\t300\t-1\t
3\t1\t2\t1\t0\t0\t400\t400\t300\t300\t-1\t
4\t1\t2\t1\t1\t0\t400\t400\t300\t300\t-1\t
5\t1\t2\t1\t1\t1\t400\t400\t300\t300\t95\t 
";

    #[test]
    fn words_become_lines_and_lines_paragraphs() {
        let read = parse(TABLE, 1000, 800).unwrap();
        let contents: Vec<String> = read.paragraphs.iter().map(Paragraph::content).collect();
        assert_eq!(contents, ["What is\nwritten", "Last"]);
        assert_eq!(read.paragraphs[0].bbox, PixelBox { x0: 10, y0: 20, x1: 310, y1: 110 });
        let bbox = PixelBox { x0: 400, y0: 400, x1: 700, y1: 700 };
        assert_eq!(read.images, [ImageArea { bbox, after: 2 }]);
    }

    #[test]
    fn confidence_is_the_mean_by_characters() {
        let read = parse(TABLE, 1000, 800).unwrap();
        let expected = (4.0 * 90.0 + 2.0 * 60.0 + 7.0 * 75.5) / 13.0 / 100.0;
        assert!((read.paragraphs[0].confidence() - expected).abs() < 1e-12);
    }

    #[test]
    fn a_page_turned_over_twice_is_the_same() {
        let read = parse(TABLE, 1000, 800).unwrap();
        let turned = read.clone().turned_over(1000, 800);
        assert_eq!(turned.paragraphs[0].bbox, PixelBox { x0: 690, y0: 690, x1: 990, y1: 780 });
        assert_eq!(turned.paragraphs[0].rotation(), 180);
        assert_eq!(turned.turned_over(1000, 800), read);
        assert_eq!(Recognised::default().confidence(), None);
    }

    #[test]
    fn rows_that_make_no_sense_are_left_out() {
        for row in [
            "",
            "5",
            "5\t1\t1\t1\t1\t1\t-4\t0\t1\t1\t90\tx",
            "5\t1\t1\t1\t1\t1\t0\t0\t0\t1\t90\tx",
            "x\ty",
            "5\t1\t1\t1\t1\t1\t0\t0\t9\t9\tNaN\tx",
            "5\t1\t1\t1\t1\t1\t9999\t0\t9\t9\t90\tx",
            "5\t1\t1\t1\t1\t1\t4294967295\t0\t9\t9\t90\tx",
        ] {
            let table = format!("{HEADING}block_num\n{row}");
            assert_eq!(parse(&table, 1000, 800), Some(Recognised::default()), "{row:?}");
        }
        assert_eq!(parse("What is written", 1000, 800), None);
        let table = format!("{HEADING}\n5\t1\t1\t1\t1\t1\t990\t790\t100\t100\t90\tx");
        let cut = parse(&table, 1000, 800).unwrap();
        assert_eq!(cut.paragraphs[0].bbox, PixelBox { x0: 990, y0: 790, x1: 1000, y1: 800 });
    }

    #[test]
    fn writing_that_runs_upwards_is_known_by_its_words() {
        let line = |boxes: [(u32, u32); 2]| {
            let word = |(x, y): (u32, u32)| Word {
                bbox: PixelBox { x0: x, y0: y, x1: x + 10, y1: y + 10 },
                text: "word".into(),
                confidence: 90.0,
            };
            let bbox = PixelBox { x0: 0, y0: 0, x1: 500, y1: 500 };
            Paragraph { bbox, lines: vec![Line { bbox, words: boxes.into_iter().map(word).collect() }] }
        };
        let turned = [[(0, 0), (100, 3)], [(5, 0), (0, 100)], [(100, 0), (0, 0)], [(0, 100), (0, 0)]];
        assert_eq!(turned.map(|boxes| line(boxes).rotation()), [0, 90, 180, 270]);
    }

    #[test]
    fn ideographs_are_joined_without_spaces() {
        let word = |text: &str| Word {
            bbox: PixelBox { x0: 0, y0: 0, x1: 1, y1: 1 },
            text: text.into(),
            confidence: 1.0,
        };
        let bbox = PixelBox { x0: 0, y0: 0, x1: 1, y1: 1 };
        let line = Line { bbox, words: ["文", "字", "in", "two", "語"].map(word).into() };
        assert_eq!(line.content(), "文字 in two 語");
    }
}
