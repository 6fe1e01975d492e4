//! One place on a page in the numbers of every frame that tools speak, and whether it is a place at all.
//!
//! The canonical frame is that of [`Coordinates`](crate::Coordinates): points from the top left of the page as
//! displayed. Every other [`Frame`] is a view of it, by one [`Transform`] for each page.

mod clip;
mod frame;
mod shape;
mod transform;

pub use frame::{Frame, PageFrame};
pub use shape::{MAX_POINTS, MAX_REGIONS, OutsideThePage, Pages, Placed, Shape, ShapeRegion, coordinates_in};
pub use transform::Transform;
