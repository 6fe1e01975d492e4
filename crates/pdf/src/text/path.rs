//! Paths as far as layout needs them: their box for clipping, and straight thin lines as rules.

use kurbo::{Affine, Point, Rect};

/// Thicker than this is an area, not a line.
const MAX_THICKNESS: f64 = 3.0;
/// Shorter than this is a mark, not a line.
const MIN_LENGTH: f64 = 12.0;

/// The path under construction, already in the canonical frame.
#[derive(Default)]
pub(super) struct Path {
    bounds: Option<Rect>,
    current: Point,
    start: Point,
    segments: Vec<Rect>,
    rects: Vec<Rect>,
}

impl Path {
    pub(super) fn move_to(&mut self, to: Point) {
        (self.current, self.start) = (to, to);
        self.extend(to);
    }

    pub(super) fn line_to(&mut self, to: Point) {
        if self.segments.len() < 10_000 {
            self.segments.push(Rect::from_points(self.current, to));
        }
        self.current = to;
        self.extend(to);
    }

    pub(super) fn close(&mut self) {
        self.line_to(self.start);
    }

    /// A curve: its control points bound it.
    pub(super) fn curve_to(&mut self, points: [Point; 3]) {
        for point in points {
            self.extend(point);
        }
        self.current = points[2];
    }

    pub(super) fn rect(&mut self, ctm: Affine, rect: Rect) {
        let shown = ctm.transform_rect_bbox(rect);
        self.bounds = Some(self.bounds.map_or(shown, |bounds| bounds.union(shown)));
        if self.rects.len() < 10_000 {
            self.rects.push(shown);
        }
        (self.current, self.start) = (ctm * rect.origin(), ctm * rect.origin());
    }

    pub(super) fn bounds(&self) -> Rect {
        self.bounds.unwrap_or_default()
    }

    /// The rules that stroking this path draws.
    pub(super) fn stroked(&self) -> impl Iterator<Item = Rect> {
        let edges = self.rects.iter().flat_map(|r| {
            [
                Rect::new(r.x0, r.y0, r.x1, r.y0),
                Rect::new(r.x0, r.y1, r.x1, r.y1),
                Rect::new(r.x0, r.y0, r.x0, r.y1),
                Rect::new(r.x1, r.y0, r.x1, r.y1),
            ]
        });
        self.segments.iter().copied().chain(edges).filter(|rect| is_rule(*rect))
    }

    /// The rules that filling this path draws: rectangles so thin that they are lines.
    pub(super) fn filled(&self) -> impl Iterator<Item = Rect> {
        let outline = (self.rects.is_empty() && self.segments.len() <= 4).then_some(self.bounds).flatten();
        self.rects.iter().copied().chain(outline).filter(|rect| is_rule(*rect))
    }

    fn extend(&mut self, point: Point) {
        let here = Rect::from_points(point, point);
        self.bounds = Some(self.bounds.map_or(here, |bounds| bounds.union(here)));
    }
}

fn is_rule(rect: Rect) -> bool {
    rect.width().min(rect.height()) <= MAX_THICKNESS && rect.width().max(rect.height()) >= MIN_LENGTH
}
