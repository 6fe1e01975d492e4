//! A place as somebody gives it, checked and brought into the canonical frame, and the way back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Frame, PageFrame, Transform, clip};
use crate::{BoundingBox, Coordinates, Invalid, Page, Point, Region};

/// Points that a polygon or a baseline may have.
pub const MAX_POINTS: usize = 10_000;
/// Further regions that a zone may have.
pub const MAX_REGIONS: usize = 1_000;
/// So far beyond the edge, in points, counts as on it: what tools lose by rounding.
const TOLERANCE: f64 = 0.01;

/// A place in the numbers of some frame, as it was given; nothing of it is checked yet. Nothing given: no place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Given")]
pub struct Shape {
    /// The box; where there is none, that of the polygon.
    #[serde(flatten)]
    pub bounding_box: Option<BoundingBox>,
    /// The outline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub polygon: Option<Vec<Point>>,
    /// The line the writing stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Vec<Point>>,
    /// Degrees clockwise, as drawn in the frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<f64>,
    /// Where else the zone goes on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<ShapeRegion>,
}

/// A further region as it was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "GivenRegion")]
pub struct ShapeRegion {
    /// Page, from 1.
    pub page_number: i32,
    /// The box; where there is none, that of the polygon.
    #[serde(flatten)]
    pub bounding_box: Option<BoundingBox>,
    /// The outline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub polygon: Option<Vec<Point>>,
}

/// What to do with a place that goes beyond the edge of its page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OutsideThePage {
    /// Say no.
    #[default]
    Refuse,
    /// Keep what lies on the page.
    Clamp,
}

/// The pages of a version. None are known where its file cannot be read: then no place is outside.
#[derive(Debug, Clone, Default)]
pub struct Pages(BTreeMap<i32, PageFrame>);

/// A place in the canonical frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The place; absent where none was given.
    pub coordinates: Option<Coordinates>,
    /// Whether something was cut off at the edge of a page.
    pub clamped: bool,
}

impl<'a> FromIterator<&'a Page> for Pages {
    fn from_iter<I: IntoIterator<Item = &'a Page>>(pages: I) -> Self {
        Self(pages.into_iter().map(|page| (page.page_number, PageFrame::from(page))).collect())
    }
}

impl Pages {
    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A page; `None` where no page of the version is known.
    ///
    /// # Errors
    /// The version has pages, and this is none of them.
    pub fn get(&self, page_number: i32) -> Result<Option<&PageFrame>, Invalid> {
        let page = self.0.get(&page_number);
        match (page, self.0.last_key_value()) {
            (None, Some((last, _))) => Err(Invalid::new(
                "page_number",
                format!("there is no page {page_number}: the pages are 1 to {last}"),
            )),
            (None, None) if page_number < 1 => {
                Err(Invalid::new("page_number", format!("{page_number} is not 1 or more")))
            }
            _ => Ok(page),
        }
    }
}

impl Shape {
    /// The place in the canonical frame, checked: every number finite, boxes upright, polygons with three points that
    /// lie on no line, baselines with two, and all on its page.
    ///
    /// # Errors
    /// Says what of it is no place, or lies outside its page; or that there is no such page, or that the frame has no
    /// meaning there.
    pub fn place(
        &self,
        page_number: i32,
        frame: Frame,
        pages: &Pages,
        outside: OutsideThePage,
    ) -> Result<Placed, Invalid> {
        let on_page = OnPage::new(page_number, frame, pages, outside)?;
        let mut clamped = false;
        let Some((bounding_box, polygon)) =
            on_page.area(self.bounding_box, self.polygon.as_deref(), &mut clamped)?
        else {
            return if self.baseline.is_none() && self.regions.is_empty() {
                Ok(Placed { coordinates: None, clamped: false })
            } else {
                Err(invalid("a baseline or further regions need a box or a polygon to belong to"))
            };
        };
        let baseline = match &self.baseline {
            Some(points) => on_page.line(points, &mut clamped)?,
            None => None,
        };
        let rotation = match self.rotation {
            Some(degrees) if !degrees.is_finite() => {
                return Err(invalid("rotation: the number must be finite"));
            }
            rotation => rotation.map(|degrees| straight(degrees + on_page.turn)),
        };
        if self.regions.len() > MAX_REGIONS {
            return Err(invalid(format!("{} regions; {MAX_REGIONS} at most", self.regions.len())));
        }
        let mut regions = Vec::with_capacity(self.regions.len());
        for (index, region) in self.regions.iter().enumerate() {
            let placed = OnPage::new(region.page_number, frame, pages, outside)
                .and_then(|page| page.area(region.bounding_box, region.polygon.as_deref(), &mut clamped))
                .and_then(|area| area.ok_or_else(|| invalid("a box or a polygon is missing")))
                .map_err(|e| invalid(format!("regions[{index}]: {}", e.reason)))?;
            let (bounding_box, polygon) = placed;
            regions.push(Region { page_number: region.page_number, bounding_box, polygon });
        }
        let coordinates = Coordinates { bounding_box, polygon, baseline, rotation, regions };
        Ok(Placed { coordinates: Some(coordinates), clamped })
    }
}

/// A place in the numbers of another frame.
///
/// # Errors
/// There is no such page, or the frame has no meaning there.
pub fn coordinates_in(
    frame: Frame,
    coordinates: &Coordinates,
    page_number: i32,
    pages: &Pages,
) -> Result<Coordinates, Invalid> {
    let from_points = |page_number: i32| -> Result<(Transform, f64), Invalid> {
        let page = known(page_number, frame, pages)?;
        Ok((frame.from_points(&page)?, frame.turn(&page)))
    };
    let (transform, turn) = from_points(page_number)?;
    let region = |region: &Region| {
        let (transform, _) = from_points(region.page_number)?;
        Ok(Region {
            page_number: region.page_number,
            bounding_box: transform.bounding_box(region.bounding_box),
            polygon: region.polygon.as_deref().map(|points| transform.points(points)),
        })
    };
    Ok(Coordinates {
        bounding_box: transform.bounding_box(coordinates.bounding_box),
        polygon: coordinates.polygon.as_deref().map(|points| transform.points(points)),
        baseline: coordinates.baseline.as_deref().map(|points| transform.points(points)),
        rotation: coordinates.rotation.map(|degrees| straight(degrees - turn)),
        regions: coordinates.regions.iter().map(region).collect::<Result<_, Invalid>>()?,
    })
}

/// One page, and the way to it.
struct OnPage {
    to_points: Transform,
    turn: f64,
    /// Absent where the page is not known.
    area: Option<BoundingBox>,
    page: PageFrame,
    page_number: i32,
    outside: OutsideThePage,
}

type Area = (BoundingBox, Option<Vec<Point>>);

impl OnPage {
    fn new(page_number: i32, frame: Frame, pages: &Pages, outside: OutsideThePage) -> Result<Self, Invalid> {
        let area = pages.get(page_number)?.map(PageFrame::area);
        let page = known(page_number, frame, pages)?;
        let (to_points, turn) = (frame.to_points(&page)?, frame.turn(&page));
        Ok(Self { to_points, turn, area, page, page_number, outside })
    }

    /// The box and the outline; `None` where neither was given.
    fn area(
        &self,
        given: Option<BoundingBox>,
        polygon: Option<&[Point]>,
        clamped: &mut bool,
    ) -> Result<Option<Area>, Invalid> {
        let polygon = match polygon {
            Some(points) => Some(self.polygon(points, clamped)?),
            None => None,
        };
        let bounding_box = match (given, &polygon) {
            (Some(given), _) => self.bounding_box(given, clamped)?,
            (None, Some(points)) => {
                BoundingBox::around(points).ok_or_else(|| invalid("the polygon has no points"))?
            }
            (None, None) => return Ok(None),
        };
        Ok(Some((bounding_box.checked()?, polygon)))
    }

    fn bounding_box(&self, given: BoundingBox, clamped: &mut bool) -> Result<BoundingBox, Invalid> {
        let b = self.to_points.bounding_box(given.checked()?);
        let corners = [[b.x0, b.y0], [b.x1, b.y1]];
        let Some(area) = self.beyond(&corners, "box")? else { return Ok(b) };
        *clamped = true;
        clip::bounding_box(b, area).ok_or_else(|| self.nothing_left("box"))
    }

    fn polygon(&self, given: &[Point], clamped: &mut bool) -> Result<Vec<Point>, Invalid> {
        finite(given, "polygon")?;
        let points = self.to_points.points(given);
        outlines(&points)?;
        let Some(area) = self.beyond(&points, "polygon")? else { return Ok(points) };
        *clamped = true;
        let left = clip::polygon(&points, area);
        outlines(&left).map(|()| left).map_err(|_| self.nothing_left("polygon"))
    }

    /// `None` where nothing of the line is left on the page.
    fn line(&self, given: &[Point], clamped: &mut bool) -> Result<Option<Vec<Point>>, Invalid> {
        finite(given, "baseline")?;
        if given.len() < 2 {
            return Err(invalid(format!("baseline: {} points; two at least make a line", given.len())));
        }
        let points = self.to_points.points(given);
        let Some(area) = self.beyond(&points, "baseline")? else { return Ok(Some(points)) };
        *clamped = true;
        let left = clip::line(&points, area);
        Ok((left.len() > 1).then_some(left))
    }

    /// The page, where the points go beyond its edge and are to be cut.
    fn beyond(&self, points: &[Point], what: &str) -> Result<Option<BoundingBox>, Invalid> {
        let Some(area) = self.area else { return Ok(None) };
        let inside = |value: f64, end: f64| (-TOLERANCE..=end + TOLERANCE).contains(&value);
        let Some([x, y]) = points.iter().find(|[x, y]| !inside(*x, area.x1) || !inside(*y, area.y1)) else {
            return Ok(None);
        };
        match self.outside {
            OutsideThePage::Clamp => Ok(Some(area)),
            OutsideThePage::Refuse => Err(invalid(format!(
                "{what}: the point {x:.2}, {y:.2} is outside page {}, which is {} × {} points; clamp=true cuts \
                 what lies outside",
                self.page_number,
                self.page.width(),
                self.page.height()
            ))),
        }
    }

    fn nothing_left(&self, what: &str) -> Invalid {
        invalid(format!("{what}: lies wholly outside page {}", self.page_number))
    }
}

/// The page; anything does where the frame asks nothing of it.
fn known(page_number: i32, frame: Frame, pages: &Pages) -> Result<PageFrame, Invalid> {
    match pages.get(page_number)? {
        Some(page) => Ok(*page),
        None if frame.needs_no_page() => Ok(PageFrame::new([0.0; 4], [0.0; 4], 0, 1.0)),
        None => Err(Invalid::new(
            "frame",
            format!(
                "{frame} needs the size of the page, and this version's pages are not known; give points"
            ),
        )),
    }
}

fn finite(points: &[Point], what: &str) -> Result<(), Invalid> {
    if points.len() > MAX_POINTS {
        return Err(invalid(format!("{what}: {} points; {MAX_POINTS} at most", points.len())));
    }
    if points.iter().flatten().all(|number| number.is_finite()) {
        Ok(())
    } else {
        Err(invalid(format!("{what}: every number must be finite")))
    }
}

/// Whether the points go round something: three at least, and not all on one line.
fn outlines(points: &[Point]) -> Result<(), Invalid> {
    let mut distinct = points.to_vec();
    distinct.dedup();
    if distinct.len() > 1 && distinct.first() == distinct.last() {
        distinct.pop();
    }
    if distinct.len() < 3 {
        let reason = format!("polygon: {} distinct points; three at least make an outline", distinct.len());
        return Err(invalid(reason));
    }
    let [x, y] = distinct[0];
    let away = |[px, py]: &Point| (px - x).hypot(py - y);
    let far = distinct.iter().max_by(|a, b| away(a).total_cmp(&away(b))).copied().unwrap_or([x, y]);
    let (dx, dy) = (far[0] - x, far[1] - y);
    let reach = dx.hypot(dy);
    let width = |[px, py]: &Point| (dx * (py - y) - dy * (px - x)).abs() / reach;
    if distinct.iter().any(|point| width(point) > f64::EPSILON * (1.0 + reach + x.abs() + y.abs())) {
        Ok(())
    } else {
        Err(invalid("polygon: its points lie on one line, so it has no area"))
    }
}

/// −180 < degrees ≤ 180.
fn straight(degrees: f64) -> f64 {
    let turned = degrees.rem_euclid(360.0);
    if turned > 180.0 { turned - 360.0 } else { turned }
}

fn invalid(reason: impl Into<String>) -> Invalid {
    Invalid::new("coordinates", reason)
}

/// As it stands in JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    x0: Option<f64>,
    y0: Option<f64>,
    x1: Option<f64>,
    y1: Option<f64>,
    polygon: Option<Vec<Point>>,
    baseline: Option<Vec<Point>>,
    rotation: Option<f64>,
    #[serde(default)]
    regions: Vec<ShapeRegion>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenRegion {
    page_number: i32,
    x0: Option<f64>,
    y0: Option<f64>,
    x1: Option<f64>,
    y1: Option<f64>,
    polygon: Option<Vec<Point>>,
}

impl TryFrom<Given> for Shape {
    type Error = Invalid;

    fn try_from(given: Given) -> Result<Self, Invalid> {
        let Given { x0, y0, x1, y1, polygon, baseline, rotation, regions } = given;
        Ok(Self { bounding_box: four([x0, y0, x1, y1])?, polygon, baseline, rotation, regions })
    }
}

impl TryFrom<GivenRegion> for ShapeRegion {
    type Error = Invalid;

    fn try_from(given: GivenRegion) -> Result<Self, Invalid> {
        let GivenRegion { page_number, x0, y0, x1, y1, polygon } = given;
        Ok(Self { page_number, bounding_box: four([x0, y0, x1, y1])?, polygon })
    }
}

fn four(corners: [Option<f64>; 4]) -> Result<Option<BoundingBox>, Invalid> {
    match corners {
        [Some(x0), Some(y0), Some(x1), Some(y1)] => Ok(Some(BoundingBox { x0, y0, x1, y1 })),
        [None, None, None, None] => Ok(None),
        _ => Err(invalid("a box is x0, y0, x1 and y1; some of them are missing")),
    }
}
