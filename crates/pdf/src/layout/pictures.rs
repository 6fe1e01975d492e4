//! Pictures: the boxes of drawn images, those cut into strips put together again.

use kurbo::Rect;

/// Smaller than this on either side, an image is a line or a dot.
const MIN_SIDE: f64 = 8.0;
/// Strips lie this close.
const TOUCHING: f64 = 1.0;
/// More images than this are texture, not pictures; joining them would take too long.
const MAX_IMAGES: usize = 2000;

pub(super) fn find(images: &[Rect], page: Rect) -> Vec<Rect> {
    let mut pictures: Vec<Rect> = Vec::new();
    for image in images.iter().take(MAX_IMAGES) {
        let mut whole = image.intersect(page);
        if whole.width() <= 0.0 || whole.height() <= 0.0 {
            continue;
        }
        while let Some(index) = pictures.iter().position(|picture| belong_together(*picture, whole)) {
            whole = whole.union(pictures.swap_remove(index));
        }
        pictures.push(whole);
    }
    pictures.retain(|picture| picture.width() >= MIN_SIDE && picture.height() >= MIN_SIDE);
    pictures.sort_by(|a, b| (a.y0, a.x0).partial_cmp(&(b.y0, b.x0)).unwrap_or(std::cmp::Ordering::Equal));
    pictures
}

/// One within the other, or strips of one picture.
fn belong_together(a: Rect, b: Rect) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= TOUCHING;
    let overlap = a.intersect(b);
    let contained = overlap.area() >= 0.9 * a.area().min(b.area()) && overlap.area() > 0.0;
    let stacked = near(a.x0, b.x0) && near(a.x1, b.x1) && (near(a.y1, b.y0) || near(b.y1, a.y0));
    let abreast = near(a.y0, b.y0) && near(a.y1, b.y1) && (near(a.x1, b.x0) || near(b.x1, a.x0));
    contained || stacked || abreast
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_become_one_picture_and_dots_none() {
        let page = Rect::new(0.0, 0.0, 600.0, 800.0);
        let strips: Vec<Rect> =
            (0..5).map(|i| Rect::new(50.0, f64::from(i) * 20.0, 250.0, f64::from(i + 1) * 20.0)).collect();
        assert_eq!(find(&strips, page), [Rect::new(50.0, 0.0, 250.0, 100.0)]);
        assert!(find(&[Rect::new(0.0, 0.0, 2.0, 2.0)], page).is_empty());
        let apart = [Rect::new(0.0, 0.0, 50.0, 50.0), Rect::new(100.0, 0.0, 150.0, 50.0)];
        assert_eq!(find(&apart, page).len(), 2);
    }
}
