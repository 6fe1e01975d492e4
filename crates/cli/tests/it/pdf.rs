//! PDFs made by hand, so that each can be wrong in exactly one way.

/// A document in the making: object 1 is the catalog, 2 the page tree, 3 Helvetica.
pub struct Pdf {
    objects: Vec<Vec<u8>>,
    pages: Vec<usize>,
    trailer: String,
}

impl Pdf {
    pub fn new() -> Self {
        let font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>";
        let catalog = "<< /Type /Catalog /Pages 2 0 R >>";
        let objects = vec![catalog.into(), Vec::new(), font.into()];
        Self { objects, pages: Vec::new(), trailer: String::new() }
    }

    /// A page with one line of text.
    pub fn line(self, text: &str) -> Self {
        self.lines(&[(12, 700, text)], "")
    }

    /// A page with lines of text, each with its size and height, and further entries.
    pub fn lines(mut self, lines: &[(u32, u32, &str)], entries: &str) -> Self {
        let line = |(size, y, text): &(u32, u32, &str)| {
            format!("BT /F {size} Tf 1 0 0 1 50 {y} Tm ({text}) Tj ET\n")
        };
        let content = self.stream("", lines.iter().map(line).collect::<String>().as_bytes());
        self.page(content, entries);
        self
    }

    /// A page that shows a stream.
    pub fn page(&mut self, content: usize, entries: &str) {
        let page = self.object(format!(
            "<< /Type /Page /Parent 2 0 R /Contents {content} 0 R /Resources << /Font << /F 3 0 R >> >> {entries} >>"
        ));
        self.pages.push(page);
    }

    pub fn object(&mut self, body: impl Into<Vec<u8>>) -> usize {
        self.objects.push(body.into());
        self.objects.len()
    }

    pub fn stream(&mut self, entries: &str, data: &[u8]) -> usize {
        let head = format!("<< /Length {} {entries} >>\nstream\n", data.len());
        self.object([head.as_bytes(), data, b"\nendstream"].concat())
    }

    pub fn trailer(mut self, entries: &str) -> Self {
        self.trailer = entries.into();
        self
    }

    pub fn bytes(mut self) -> Vec<u8> {
        let kids: Vec<String> = self.pages.iter().map(|page| format!("{page} 0 R")).collect();
        let (kids, count) = (kids.join(" "), kids.len());
        self.objects[1] =
            format!("<< /Type /Pages /Kids [{kids}] /Count {count} /MediaBox [0 0 600 800] >>").into();
        let mut bytes = b"%PDF-1.7\n".to_vec();
        let mut table = vec!["0000000000 65535 f ".to_owned()];
        for (number, object) in (1..).zip(&self.objects) {
            table.push(format!("{:010} 00000 n ", bytes.len()));
            bytes.extend(format!("{number} 0 obj\n").bytes());
            bytes.extend_from_slice(object);
            bytes.extend_from_slice(b"\nendobj\n");
        }
        let (start, size) = (bytes.len(), table.len());
        let (table, trailer) = (table.join("\n"), self.trailer);
        let end = format!(
            "xref\n0 {size}\n{table}\ntrailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n"
        );
        bytes.extend(end.bytes());
        bytes
    }
}

/// A document of one page that takes so many bytes.
pub fn large(size: usize) -> Vec<u8> {
    let mut pdf = Pdf::new().line("large");
    pdf.stream("", &vec![b' '; size]);
    pdf.bytes()
}

/// A document whose pages each hold a title of their own and one paragraph that says where it stands.
pub fn numbered(name: &str, pages: usize) -> Vec<u8> {
    (1..=pages)
        .fold(Pdf::new(), |pdf, page| {
            let line = sentence(name, page);
            pdf.lines(&[(12, 700, &line), (12, 400, "and some more text, far below it")], "")
        })
        .bytes()
}

/// What stands on a page of [`numbered`], and nowhere else.
pub fn sentence(name: &str, page: usize) -> String {
    format!("This is page {page} of the document {name} in full")
}

/// A document that opens only with a password: its keys fit no empty one.
pub fn protected() -> Vec<u8> {
    let key = "61".repeat(32);
    let encrypt = format!(
        "/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{key}> /U <{key}> >> /ID [<{id}> <{id}>]",
        id = "62".repeat(16)
    );
    Pdf::new().line("nobody reads this").trailer(&encrypt).bytes()
}

/// A page whose content inflates to so many megabytes of nothing.
pub fn bomb(megabytes: usize) -> Vec<u8> {
    let mut pdf = Pdf::new();
    let content = pdf.stream("/Filter /FlateDecode", &blanks(megabytes));
    pdf.page(content, "");
    pdf.bytes()
}

/// So many megabytes of blanks, deflated.
pub fn blanks(megabytes: usize) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    let nothing = vec![b' '; 1 << 20];
    for _ in 0..megabytes {
        encoder.write_all(&nothing).unwrap();
    }
    encoder.finish().unwrap()
}

/// Ten thousand pages, or as many as you like, that share one content.
pub fn many_pages(count: usize) -> Vec<u8> {
    let mut pdf = Pdf::new();
    let content = pdf.stream("", b"BT /F 12 Tf 1 0 0 1 50 700 Tm (The same words on every page) Tj ET");
    (0..count).for_each(|_| pdf.page(content, ""));
    pdf.bytes()
}
