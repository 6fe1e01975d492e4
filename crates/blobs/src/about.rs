//! What a store is told about an object besides its bytes.

/// What an object is, for whoever gets it from the store itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Its media type; by its key where nothing is said.
    pub mime_type: Option<String>,
    /// The name that people know it by.
    pub filename: Option<String>,
}

/// `Content-Disposition` of an object that is shown in place.
pub fn content_disposition(filename: &str) -> String {
    colophon_domain::filenames::content_disposition(filename, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_fits_into_the_header() {
        let header = content_disposition("naïve \"文\".pdf\r\n");
        let expected =
            "inline; filename=\"na_ve ___.pdf__\"; filename*=UTF-8''na%C3%AFve%20%22%E6%96%87%22.pdf__";
        assert_eq!(header, expected);
    }
}
