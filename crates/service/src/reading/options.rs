//! A strategy's own settings, as a job carries them.

use colophon_domain::{Invalid, Strategy};
use serde_json::{Map, Value};

use crate::run::Replaces;

/// Dots per inch that may be asked for.
const DPI: std::ops::RangeInclusive<f64> = 72.0..=600.0;

/// What a job asks of its strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Dots per inch at which pages are drawn for OCR.
    pub dpi: f64,
    /// What is asked of tesseract.
    pub tesseract: colophon_ocr::Options,
    /// Whose zones the new ones take the place of.
    pub replaces: Replaces,
}

impl Options {
    /// Reads a job's settings.
    ///
    /// # Errors
    /// One has a value that it cannot have. For `ocr` and `auto` also one that they do not know: what is misspelt would
    /// not be noticed otherwise. `text-layer` has always let those pass.
    pub fn of(strategy: Strategy, options: Option<&Value>) -> Result<Self, Invalid> {
        let replaces = match strategy {
            Strategy::TextLayer | Strategy::Ocr => Replaces::SameTool,
            Strategy::Auto => Replaces::BuiltIn,
        };
        let mut read = Self { dpi: 300.0, tesseract: colophon_ocr::Options::default(), replaces };
        match options {
            None | Some(Value::Null) => {}
            Some(_) if strategy == Strategy::TextLayer => {}
            Some(Value::Object(options)) => read.take(options)?,
            Some(_) => return Err(Invalid::new("options", "must be an object")),
        }
        Ok(read)
    }

    fn take(&mut self, options: &Map<String, Value>) -> Result<(), Invalid> {
        for (name, value) in options {
            match name.as_str() {
                "dpi" => {
                    let dpi = value.as_f64().filter(|dpi| DPI.contains(dpi));
                    self.dpi = dpi.ok_or_else(|| {
                        Invalid::new("options.dpi", format!("{value} is no number from 72 to 600"))
                    })?;
                }
                "languages" => {
                    let names = match value {
                        Value::String(names) => Some(names.clone()),
                        Value::Array(names) => names
                            .iter()
                            .map(Value::as_str)
                            .collect::<Option<Vec<_>>>()
                            .map(|names| names.join("+")),
                        _ => None,
                    };
                    let names = names.unwrap_or_else(|| value.to_string());
                    self.tesseract.languages = colophon_ocr::Options::languages(&names)
                        .map_err(|error| Invalid::new("options.languages", error.to_string()))?;
                }
                "page_segmentation_mode" => {
                    let mode = value.as_i64().unwrap_or(-1);
                    let mode = colophon_ocr::Options::page_segmentation_mode(mode)
                        .map_err(|error| Invalid::new("options.page_segmentation_mode", error.to_string()))?;
                    self.tesseract.page_segmentation_mode = Some(mode);
                }
                other => {
                    let reason = format!("{other:?} is none of dpi, languages, page_segmentation_mode");
                    return Err(Invalid::new("options", reason));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_read_and_what_is_misspelt_is_refused() {
        let of = |options: Value| Options::of(Strategy::Ocr, Some(&options));
        let read = of(json!({"dpi": 200, "languages": ["deu", "eng"], "page_segmentation_mode": 6})).unwrap();
        assert_eq!((read.dpi, read.tesseract.language_argument()), (200.0, "deu+eng".to_owned()));
        assert_eq!(read.tesseract.page_segmentation_mode, Some(6));
        assert_eq!(of(json!({"languages": "deu+eng"})).unwrap().tesseract.languages, ["deu", "eng"]);
        for options in [
            json!({"dpi": 71}),
            json!({"dpi": 601}),
            json!({"dpi": "300"}),
            json!({"languages": []}),
            json!({"languages": [7]}),
            json!({"languages": "../x"}),
            json!({"page_segmentation_mode": 0}),
            json!({"page_segmentation_mode": "6"}),
            json!({"dpii": 300}),
            json!([]),
        ] {
            assert!(of(options.clone()).is_err(), "{options}");
        }
        assert!(Options::of(Strategy::TextLayer, Some(&json!({"anything": 1}))).is_ok());
    }
}
