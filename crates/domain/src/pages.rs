//! Pages of a version.

/// A page as displayed, and the boxes it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// From 1.
    pub page_number: i32,
    /// Points, as displayed: CropBox, after `/Rotate`, UserUnit applied.
    pub width: f64,
    /// Points, as displayed.
    pub height: f64,
    /// Degrees clockwise: 0, 90, 180 or 270.
    pub rotation: i16,
    /// `[x0, y0, x1, y1]` in the file's own frame, before rotation and UserUnit.
    pub mediabox: [f64; 4],
    /// `[x0, y0, x1, y1]` in the file's own frame; the MediaBox where the file has none.
    pub cropbox: [f64; 4],
    /// Size of the file's unit in points (1/72 inch), 1 in nearly every file.
    pub user_unit: f64,
}
