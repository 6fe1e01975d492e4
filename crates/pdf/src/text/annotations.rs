//! Annotations show their appearance streams, among them the values of form fields.

use hayro_syntax::object::{Array, Dict, Name, Object, Stream, String as PdfString};
use hayro_syntax::page::Resources;
use kurbo::{Affine, Rect};

use super::interpret::Interpreter;
use crate::read::text_string;

const HIDDEN: u32 = 1 << 1;
const NO_VIEW: u32 = 1 << 5;
/// A field whose value is not to be shown.
const PASSWORD: u32 = 1 << 13;

/// Runs the appearances of a page's annotations.
pub(super) fn run<'a>(page: &Dict<'a>, resources: &Resources<'a>, interpreter: &mut Interpreter<'a, '_>) {
    let Some(annotations) = page.get::<Array<'_>>("Annots") else { return };
    for annotation in annotations.iter::<Dict<'_>>() {
        let hidden = annotation.get::<u32>("F").unwrap_or(0) & (HIDDEN | NO_VIEW) != 0;
        let popup = annotation.get::<Name<'_>>("Subtype").is_some_and(|kind| kind.as_ref() == b"Popup");
        if hidden || popup || !interpreter.shows(&annotation) {
            continue;
        }
        let before = interpreter.content.glyphs.len();
        if let Some(form) = appearance(&annotation)
            && let Some(transform) = placement(&annotation, &form)
        {
            interpreter.within(transform, |interpreter| interpreter.form(&form, resources));
        }
        if interpreter.content.glyphs.len() == before {
            field(&annotation, interpreter);
        }
    }
}

/// The value of a text or choice field whose appearance shows none, as a viewer would draw it.
fn field(annotation: &Dict<'_>, interpreter: &mut Interpreter<'_, '_>) {
    let parent = annotation.get::<Dict<'_>>("Parent").unwrap_or_default();
    let kind = annotation.get::<Name<'_>>("FT").or_else(|| parent.get::<Name<'_>>("FT"));
    let flags = annotation.get::<u32>("Ff").or_else(|| parent.get::<u32>("Ff")).unwrap_or(0);
    let value = annotation.get::<PdfString<'_>>("V").or_else(|| parent.get::<PdfString<'_>>("V"));
    let (Some(kind), Some(value), Some([x0, y0, x1, y1])) = (kind, value, annotation.get::<[f64; 4]>("Rect"))
    else {
        return;
    };
    if matches!(kind.as_ref(), b"Tx" | b"Ch") && flags & PASSWORD == 0 {
        interpreter.write(&text_string(value.as_bytes()), Rect::new(x0, y0, x1, y1).abs());
    }
}

fn appearance<'a>(annotation: &Dict<'a>) -> Option<Stream<'a>> {
    match annotation.get::<Dict<'_>>("AP")?.get::<Object<'_>>("N")? {
        Object::Stream(stream) => Some(stream),
        Object::Dict(states) => {
            let state = annotation.get::<Name<'_>>("AS")?;
            states.get::<Stream<'_>>(state.as_ref())
        }
        _ => None,
    }
}

/// Maps the appearance's box, as its own matrix turns it, onto the annotation's rectangle (ISO 32000, 12.5.5).
fn placement(annotation: &Dict<'_>, form: &Stream<'_>) -> Option<Affine> {
    let [x0, y0, x1, y1] = annotation.get::<[f64; 4]>("Rect")?;
    let rect = Rect::new(x0, y0, x1, y1).abs();
    let [x0, y0, x1, y1] = form.dict().get::<[f64; 4]>("BBox")?;
    let matrix = Affine::new(form.dict().get::<[f64; 6]>("Matrix").unwrap_or([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]));
    let shown = matrix.transform_rect_bbox(Rect::new(x0, y0, x1, y1).abs());
    if shown.width() <= 0.0 || shown.height() <= 0.0 {
        return None;
    }
    let (sx, sy) = (rect.width() / shown.width(), rect.height() / shown.height());
    Some(Affine::new([sx, 0.0, 0.0, sy, rect.x0 - sx * shown.x0, rect.y0 - sy * shown.y0]))
}
