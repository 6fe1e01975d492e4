//! Directions of writing and the frames in which each runs to the right.

use kurbo::{Affine, Point, Rect, Vec2};

/// Text within this many degrees of a quarter turn counts as such; scans are rarely quite straight.
const STRAIGHT: f64 = 4.0;

/// A direction of writing, in whole degrees clockwise from left-to-right, 0..360.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Direction(u16);

impl Direction {
    /// The direction of an advance on the page (y downwards), quarter turns preferred.
    pub(super) fn of(advance: Vec2) -> Self {
        let degrees = advance.y.atan2(advance.x).to_degrees().rem_euclid(360.0);
        let quarter = (degrees / 90.0).round() * 90.0;
        let chosen = if (degrees - quarter).abs() <= STRAIGHT { quarter } else { degrees.round() };
        // The value lies between 0 and 360 by construction.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Self(chosen as u16 % 360)
    }

    /// The nearest of 0, 90, 180, 270.
    pub(super) fn quarter(self) -> u16 {
        (self.0 + 45) / 90 % 4 * 90
    }

    /// Into the frame of this direction.
    pub(super) fn turn(self) -> Affine {
        match self.0 {
            0 => Affine::IDENTITY,
            90 => Affine::new([0.0, -1.0, 1.0, 0.0, 0.0, 0.0]),
            180 => Affine::new([-1.0, 0.0, 0.0, -1.0, 0.0, 0.0]),
            270 => Affine::new([0.0, 1.0, -1.0, 0.0, 0.0, 0.0]),
            degrees => Affine::rotate(-f64::from(degrees).to_radians()),
        }
    }

    pub(super) fn turn_point(self, point: Point) -> Point {
        self.turn() * point
    }

    pub(super) fn turn_rect(self, rect: Rect) -> Rect {
        self.turn().transform_rect_bbox(rect)
    }

    pub(super) fn is_straight(self) -> bool {
        self.0.is_multiple_of(90)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_runs_to_the_right_and_lines_follow_downwards_in_each_frame() {
        // Direction of writing on the page, and where the next line is from there.
        let cases = [
            ((1.0, 0.0), (0.0, 1.0)),
            ((0.0, 1.0), (-1.0, 0.0)),
            ((-1.0, 0.0), (0.0, -1.0)),
            ((0.0, -1.0), (1.0, 0.0)),
        ];
        for (index, (along, next)) in (0_u16..).zip(cases) {
            let direction = Direction::of(along.into());
            assert_eq!(direction.quarter(), index * 90);
            assert_eq!(direction.turn_point(along.into()), Point::new(1.0, 0.0));
            assert_eq!(direction.turn_point(next.into()), Point::new(0.0, 1.0));
        }
    }

    #[test]
    fn a_slightly_crooked_scan_counts_as_straight() {
        assert_eq!(Direction::of(Vec2::new(100.0, -3.0)).quarter(), 0);
        assert!(Direction::of(Vec2::new(100.0, -3.0)).is_straight());
        assert!(!Direction::of(Vec2::new(1.0, 1.0)).is_straight());
    }
}
