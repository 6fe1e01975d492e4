//! What may be asked of tesseract.

/// What may be asked of tesseract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Names of its models, the most important first: `eng`, `deu`, `chi_sim`, `script/Latin`.
    pub languages: Vec<String>,
    /// Its page segmentation mode, 1 or 3 to 13; `None` is 1 (with its orientation) where the model `osd` is installed,
    /// else 3.
    pub page_segmentation_mode: Option<u8>,
}

impl Default for Options {
    fn default() -> Self {
        Self { languages: vec!["eng".into()], page_segmentation_mode: None }
    }
}

/// An option that tesseract is not asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// No language, too many, or one that cannot be the name of a model.
    #[error("{0:?} is no list of languages; name up to 10 models of tesseract, such as eng or deu+eng")]
    Languages(String),
    /// A mode that does not read, or is none.
    #[error("{0} is no page segmentation mode that reads; say 1, or 3 to 13")]
    PageSegmentationMode(i64),
}

impl Options {
    /// Languages as tesseract names them, joined by `+`.
    ///
    /// # Errors
    /// What cannot be a name is refused, so that none is taken for an option or leads out of the folder of models.
    pub fn languages(text: &str) -> Result<Vec<String>, OptionsError> {
        let languages: Vec<String> = text.split('+').map(|name| name.trim().to_owned()).collect();
        let plain = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphabetic())
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        };
        let is_name = |name: &String| name.len() <= 60 && name.splitn(2, '/').all(plain);
        if (1..=10).contains(&languages.len()) && languages.iter().all(is_name) {
            Ok(languages)
        } else {
            Err(OptionsError::Languages(text.chars().take(200).collect()))
        }
    }

    /// A page segmentation mode.
    ///
    /// # Errors
    /// 0 and 2 read nothing, and there is none after 13.
    pub fn page_segmentation_mode(mode: i64) -> Result<u8, OptionsError> {
        u8::try_from(mode)
            .ok()
            .filter(|mode| matches!(mode, 1 | 3..=13))
            .ok_or(OptionsError::PageSegmentationMode(mode))
    }

    /// The languages as tesseract takes them.
    pub fn language_argument(&self) -> String {
        self.languages.join("+")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_language_is_refused() {
        assert_eq!(Options::languages("deu+eng").unwrap(), ["deu", "eng"]);
        assert_eq!(Options::languages("script/Latin").unwrap(), ["script/Latin"]);
        for text in ["", "eng+", "../../etc/passwd", "-c", "--psm", "/eng", "e ng", "a/b/c", "eng\0"] {
            assert!(Options::languages(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn modes_that_read_nothing_are_refused() {
        assert_eq!(Options::page_segmentation_mode(6), Ok(6));
        for mode in [-1, 0, 2, 14, 300] {
            assert!(Options::page_segmentation_mode(mode).is_err(), "{mode}");
        }
    }
}
