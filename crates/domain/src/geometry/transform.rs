//! Plane affine maps.

use crate::{BoundingBox, Point};

/// x′ = a·x + c·y + e, y′ = b·x + d·y + f, in the order in which PDF writes a matrix: `[a, b, c, d, e, f]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transform(pub [f64; 6]);

#[allow(clippy::many_single_char_names, reason = "the letters are those of the PDF specification")]
impl Transform {
    /// Leaves everything where it is.
    pub const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// Stretches each axis.
    pub const fn scale(x: f64, y: f64) -> Self {
        Self([x, 0.0, 0.0, y, 0.0, 0.0])
    }

    /// Shifts.
    pub const fn translate(x: f64, y: f64) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y])
    }

    /// This one, and then `next`.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        let ([a, b, c, d, e, f], [na, nb, nc, nd, ne, nf]) = (self.0, next.0);
        Self([
            na * a + nc * b,
            nb * a + nd * b,
            na * c + nc * d,
            nb * c + nd * d,
            na * e + nc * f + ne,
            nb * e + nd * f + nf,
        ])
    }

    /// The way back; `None` where everything falls on a line.
    pub fn inverse(self) -> Option<Self> {
        let [a, b, c, d, e, f] = self.0;
        let determinant = a * d - b * c;
        let found = Self([
            d / determinant,
            -b / determinant,
            -c / determinant,
            a / determinant,
            (c * f - d * e) / determinant,
            (b * e - a * f) / determinant,
        ]);
        found.0.iter().all(|number| number.is_finite()).then_some(found)
    }

    /// Where a point goes.
    pub fn point(self, [x, y]: Point) -> Point {
        let [a, b, c, d, e, f] = self.0;
        [a * x + c * y + e, b * x + d * y + f]
    }

    /// Where points go.
    pub fn points(self, points: &[Point]) -> Vec<Point> {
        points.iter().map(|point| self.point(*point)).collect()
    }

    /// Where a box goes; exact for quarter turns, mirrors, shifts and stretches.
    pub fn bounding_box(self, b: BoundingBox) -> BoundingBox {
        let ([ax, ay], [bx, by]) = (self.point([b.x0, b.y0]), self.point([b.x1, b.y1]));
        BoundingBox { x0: ax.min(bx), y0: ay.min(by), x1: ax.max(bx), y1: ay.max(by) }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these numbers are exact")]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_leads_back() {
        let there = Transform::scale(2.0, -4.0)
            .then(Transform([0.0, 1.0, -1.0, 0.0, 0.0, 0.0]))
            .then(Transform::translate(5.0, 7.0));
        assert_eq!(there.point([1.0, 1.0]), [9.0, 9.0]);
        assert_eq!(there.inverse().unwrap().point([9.0, 9.0]), [1.0, 1.0]);
        assert_eq!(Transform::scale(0.0, 1.0).inverse(), None);
    }
}
