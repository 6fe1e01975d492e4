//! What of a shape lies within a box.

use crate::{BoundingBox, Point};

/// The part of a polygon within the box (Sutherland–Hodgman); empty where they do not meet. A hollow polygon that is
/// cut in two stays one outline, its parts joined along the edge.
pub(super) fn polygon(points: &[Point], within: BoundingBox) -> Vec<Point> {
    let mut rest = points.to_vec();
    for side in sides(within) {
        let mut kept = Vec::with_capacity(rest.len() + 4);
        for (index, &to) in rest.iter().enumerate() {
            let from = rest[(index + rest.len() - 1) % rest.len()];
            if side.keeps(from) != side.keeps(to) {
                kept.push(side.crossing(from, to));
            }
            if side.keeps(to) {
                kept.push(to);
            }
        }
        kept.dedup();
        rest = kept;
    }
    while rest.len() > 1 && rest.first() == rest.last() {
        rest.pop();
    }
    rest
}

/// The part of an open line within the box, from where it first enters to where it last leaves.
pub(super) fn line(points: &[Point], within: BoundingBox) -> Vec<Point> {
    let mut kept = Vec::with_capacity(points.len());
    for pair in points.windows(2) {
        let mut piece = Some((pair[0], pair[1]));
        for side in sides(within) {
            piece = piece.and_then(|(from, to)| match (side.keeps(from), side.keeps(to)) {
                (true, true) => Some((from, to)),
                (true, false) => Some((from, side.crossing(from, to))),
                (false, true) => Some((side.crossing(from, to), to)),
                (false, false) => None,
            });
        }
        if let Some((from, to)) = piece {
            kept.extend([from, to]);
        }
    }
    kept.dedup();
    kept
}

/// The part of a box within another; `None` where they do not meet.
pub(super) fn bounding_box(b: BoundingBox, within: BoundingBox) -> Option<BoundingBox> {
    let both = BoundingBox {
        x0: b.x0.max(within.x0),
        y0: b.y0.max(within.y0),
        x1: b.x1.min(within.x1),
        y1: b.y1.min(within.y1),
    };
    (both.x0 < both.x1 && both.y0 < both.y1).then_some(both)
}

/// One side of a box: which axis, where it lies, and whether what is above it stays.
#[derive(Clone, Copy)]
struct Side {
    axis: usize,
    at: f64,
    above: bool,
}

fn sides(b: BoundingBox) -> [Side; 4] {
    [
        Side { axis: 0, at: b.x0, above: true },
        Side { axis: 0, at: b.x1, above: false },
        Side { axis: 1, at: b.y0, above: true },
        Side { axis: 1, at: b.y1, above: false },
    ]
}

impl Side {
    fn keeps(self, point: Point) -> bool {
        if self.above { point[self.axis] >= self.at } else { point[self.axis] <= self.at }
    }

    fn crossing(self, from: Point, to: Point) -> Point {
        let share = (self.at - from[self.axis]) / (to[self.axis] - from[self.axis]);
        let mut crossing = [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
        crossing[self.axis] = self.at;
        crossing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: BoundingBox = BoundingBox { x0: 0.0, y0: 0.0, x1: 100.0, y1: 100.0 };

    #[test]
    fn a_polygon_is_cut_at_the_edge() {
        let diamond = [[100.0, 40.0], [110.0, 50.0], [100.0, 60.0], [90.0, 50.0]];
        assert_eq!(polygon(&diamond, PAGE), [[100.0, 40.0], [100.0, 60.0], [90.0, 50.0]]);
        assert_eq!(polygon(&[[1.0, 1.0], [5.0, 1.0], [3.0, 4.0]], PAGE).len(), 3);
        assert!(polygon(&[[101.0, 1.0], [105.0, 1.0], [103.0, 4.0]], PAGE).is_empty());
        let around = [[-10.0, -10.0], [110.0, -10.0], [110.0, 110.0], [-10.0, 110.0]];
        assert_eq!(BoundingBox::around(&polygon(&around, PAGE)), Some(PAGE));
    }

    #[test]
    fn a_line_is_cut_where_it_leaves() {
        assert_eq!(
            line(&[[-10.0, 50.0], [50.0, 50.0], [150.0, 60.0]], PAGE),
            [[0.0, 50.0], [50.0, 50.0], [100.0, 55.0]]
        );
        assert!(line(&[[-10.0, 50.0], [-5.0, 50.0]], PAGE).is_empty());
    }
}
