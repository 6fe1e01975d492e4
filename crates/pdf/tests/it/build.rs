//! PDFs made by hand, so that each can be wrong in exactly one way.

use std::io::Write;

/// A document under construction: object 1 is the catalog, 2 the page tree, 3 Helvetica, 4 Helvetica-Bold.
pub struct Build {
    objects: Vec<Vec<u8>>,
    pages: Vec<usize>,
    catalog: String,
    tree: String,
    trailer: String,
}

impl Build {
    pub fn new() -> Self {
        let font = |name: &str| {
            format!("<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>")
                .into_bytes()
        };
        Self {
            objects: vec![Vec::new(), Vec::new(), font("Helvetica"), font("Helvetica-Bold")],
            pages: Vec::new(),
            catalog: String::new(),
            tree: "/MediaBox [0 0 600 800]".into(),
            trailer: String::new(),
        }
    }

    /// Entries of the page tree, which pages inherit; by default a media box of 600 × 800.
    pub fn tree(mut self, entries: &str) -> Self {
        self.tree = entries.into();
        self
    }

    pub fn catalog(mut self, entries: &str) -> Self {
        self.catalog = entries.into();
        self
    }

    pub fn trailer(mut self, entries: &str) -> Self {
        self.trailer = entries.into();
        self
    }

    /// Adds any object; gives its number.
    pub fn object(&mut self, body: impl AsRef<[u8]>) -> usize {
        self.objects.push(body.as_ref().to_vec());
        self.objects.len()
    }

    pub fn stream(&mut self, entries: &str, data: &[u8]) -> usize {
        self.object(stream(entries, data))
    }

    /// Adds a page with this content and further entries.
    pub fn page(mut self, content: &str, entries: &str) -> Self {
        let content = self.stream("", content.as_bytes());
        self.page_of(content, entries);
        self
    }

    pub fn page_of(&mut self, content: usize, entries: &str) -> usize {
        let resources = if entries.contains("/Resources") {
            ""
        } else {
            "/Resources << /Font << /F 3 0 R /B 4 0 R >> >>"
        };
        let page = self
            .object(format!("<< /Type /Page /Parent 2 0 R /Contents {content} 0 R {resources} {entries} >>"));
        self.pages.push(page);
        page
    }

    /// Lists an object as a page, whatever it is.
    pub fn list(&mut self, object: usize) {
        self.pages.push(object);
    }

    pub fn bytes(mut self) -> Vec<u8> {
        let kids: Vec<String> = self.pages.iter().map(|page| format!("{page} 0 R")).collect();
        self.objects[0] = format!("<< /Type /Catalog /Pages 2 0 R {} >>", self.catalog).into_bytes();
        self.objects[1] =
            format!("<< /Type /Pages /Kids [{}] /Count {} {} >>", kids.join(" "), kids.len(), self.tree)
                .into();
        let mut bytes = b"%PDF-1.7\n".to_vec();
        let mut table = vec!["0000000000 65535 f ".to_owned()];
        for (number, object) in (1..).zip(&self.objects) {
            table.push(format!("{:010} 00000 n ", bytes.len()));
            bytes.extend(format!("{number} 0 obj\n").bytes());
            bytes.extend_from_slice(object);
            bytes.extend_from_slice(b"\nendobj\n");
        }
        let (start, size) = (bytes.len(), table.len());
        let end = [
            format!("xref\n0 {size}"),
            table.join("\n"),
            format!("trailer\n<< /Size {size} /Root 1 0 R {} >>", self.trailer),
            format!("startxref\n{start}\n%%EOF\n"),
        ];
        bytes.extend(end.join("\n").bytes());
        bytes
    }
}

pub fn stream(entries: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("<< /Length {} {entries} >>\nstream\n", data.len());
    [head.as_bytes(), data, b"\nendstream"].concat()
}

/// Lines of text, each at its place: font, size, x, y, text.
pub fn lines(lines: &[(&str, f64, f64, f64, &str)]) -> String {
    let line = |(font, size, x, y, text): &(&str, f64, f64, f64, &str)| {
        format!("BT /{font} {size} Tf 1 0 0 1 {x} {y} Tm ({text}) Tj ET\n")
    };
    lines.iter().map(line).collect()
}

/// Zeros, deflated.
pub fn deflated_zeros(megabytes: usize) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = vec![0; 1 << 20];
    for _ in 0..megabytes {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.finish().unwrap()
}
