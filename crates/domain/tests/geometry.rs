//! Places on pages: whatever the page and the frame, what goes in comes out.

#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "all of this is a test; the numbers compared are exact"
)]

use colophon_domain::geometry::{
    Frame, OutsideThePage, PageFrame, Pages, Shape, ShapeRegion, coordinates_in,
};
use colophon_domain::{BoundingBox, Page, Point};
use proptest::prelude::*;
use serde_json::{Value, json};

/// How far a place may be from itself after a journey, in points.
const CLOSE: f64 = 1e-6;

fn page(page_number: i32, mediabox: [f64; 4], cropbox: [f64; 4], rotation: i16, user_unit: f64) -> Page {
    let frame = PageFrame::new(mediabox, cropbox, rotation.unsigned_abs(), user_unit);
    Page { page_number, width: frame.width(), height: frame.height(), rotation, mediabox, cropbox, user_unit }
}

/// Turned, cropped, shifted, with a unit of its own.
fn odd_page(page_number: i32) -> impl Strategy<Value = Page> {
    let origin = (-5_000.0..5_000.0, -5_000.0..5_000.0);
    let size = (20.0..5_000.0, 20.0..5_000.0);
    let cut = (0.0..0.45, 0.0..0.45, 0.0..0.45, 0.0..0.45);
    let rotation = prop::sample::select(vec![0_i16, 90, 180, 270]);
    let user_unit = prop_oneof![Just(1.0), 0.01..100.0];
    (origin, size, cut, rotation, user_unit).prop_map(
        move |((x, y), (width, height), (left, bottom, right, top), rotation, user_unit)| {
            let mediabox = [x, y, x + width, y + height];
            let cropbox =
                [x + width * left, y + height * bottom, x + width * (1.0 - right), y + height * (1.0 - top)];
            page(page_number, mediabox, cropbox, rotation, user_unit)
        },
    )
}

fn frame() -> impl Strategy<Value = Frame> {
    prop_oneof![
        Just(Frame::Points),
        Just(Frame::PointsBottomLeft),
        Just(Frame::Pdf),
        Just(Frame::Normalised),
        Just(Frame::Percent),
        (10.0..4_800.0).prop_map(Frame::Pixels),
    ]
}

/// Shares of a page, far enough apart to be a place.
fn corners() -> impl Strategy<Value = [f64; 4]> {
    (0.0..0.9, 0.0..0.9, 0.01..1.0, 0.01..1.0)
        .prop_map(|(x0, y0, w, h): (f64, f64, f64, f64)| [x0, y0, x0 + (1.0 - x0) * w, y0 + (1.0 - y0) * h])
}

fn outline(b: BoundingBox, within: &[(f64, f64)]) -> Vec<Point> {
    let inside = within.iter().map(|(x, y)| [b.x0 + (b.x1 - b.x0) * x, b.y0 + (b.y1 - b.y0) * y]);
    [[b.x0, b.y0], [b.x1, b.y0], [b.x1, b.y1]].into_iter().chain(inside).collect()
}

fn close(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() <= CLOSE,
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| close(a, b)))
        }
        _ => a == b,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_goes_out_in_any_frame_comes_back_as_it_was(
        (first, second) in (odd_page(1), odd_page(2)),
        (here, there) in (corners(), corners()),
        within in prop::collection::vec((0.0..1.0, 0.0..1.0), 0..40),
        rotation in -179.9..180.0,
        frame in frame(),
    ) {
        let on = |page: &Page, c: [f64; 4]| BoundingBox {
            x0: c[0] * page.width, y0: c[1] * page.height, x1: c[2] * page.width, y1: c[3] * page.height,
        };
        let (a, b) = (on(&first, here), on(&second, there));
        let shape = Shape {
            bounding_box: Some(a),
            polygon: Some(outline(a, &within)),
            baseline: Some(vec![[a.x0, a.y1], [a.x1, a.y1]]),
            rotation: Some(rotation),
            regions: vec![ShapeRegion {
                page_number: 2, bounding_box: Some(b), polygon: Some(outline(b, &within)),
            }],
        };
        let pages: Pages = [&first, &second].into_iter().collect();
        let placed = shape.place(1, Frame::Points, &pages, OutsideThePage::Refuse).unwrap();
        prop_assert!(!placed.clamped);
        let canonical = placed.coordinates.unwrap();
        let sent = json!(coordinates_in(frame, &canonical, 1, &pages).unwrap());
        let read: Shape = serde_json::from_value(sent.clone()).unwrap();
        let back = read.place(1, frame, &pages, OutsideThePage::Refuse).unwrap().coordinates.unwrap();
        prop_assert!(close(&json!(canonical), &json!(back)), "{frame}: {canonical:?} became {back:?}");
    }

    #[test]
    fn whatever_is_clamped_lies_on_the_page(
        page in odd_page(1),
        points in prop::collection::vec((-1.0..2.0, -1.0..2.0), 0..30),
        frame in frame(),
    ) {
        let pages: Pages = [&page].into_iter().collect();
        let points: Vec<Point> = points.into_iter().map(|(x, y)| [x * page.width, y * page.height]).collect();
        let there = frame.from_points(&PageFrame::from(&page)).unwrap().points(&points);
        let shape = Shape { polygon: Some(there.clone()), baseline: Some(there), ..Shape::default() };
        if let Ok(placed) = shape.place(1, frame, &pages, OutsideThePage::Clamp) {
            let placed = placed.coordinates.unwrap();
            let b = placed.bounding_box;
            let edge = 0.011;
            prop_assert!(b.x0 >= -edge && b.y0 >= -edge && b.x1 <= page.width + edge && b.y1 <= page.height + edge);
            prop_assert!(b.checked().is_ok());
            for [x, y] in placed.polygon.iter().chain(&placed.baseline).flatten() {
                prop_assert!((-edge..=page.width + edge).contains(x) && (-edge..=page.height + edge).contains(y));
            }
        }
    }
}

fn letter() -> Pages {
    let page = page(1, [0.0, 0.0, 612.0, 792.0], [0.0, 0.0, 612.0, 792.0], 0, 1.0);
    [&page].into_iter().collect()
}

fn place(shape: Value, outside: OutsideThePage) -> Result<(Value, bool), String> {
    let shape: Shape = serde_json::from_value(shape).map_err(|e| e.to_string())?;
    let placed = shape.place(1, Frame::Points, &letter(), outside).map_err(|e| e.reason)?;
    Ok((json!(placed.coordinates), placed.clamped))
}

#[test]
fn the_box_of_a_polygon_is_found() {
    let (placed, clamped) =
        place(json!({"polygon": [[10, 20], [30, 25], [15, 60]]}), OutsideThePage::Refuse).unwrap();
    assert_eq!((&placed["x0"], &placed["y0"]), (&json!(10.0), &json!(20.0)));
    assert_eq!((&placed["x1"], &placed["y1"], clamped), (&json!(30.0), &json!(60.0), false));
}

#[test]
fn a_zone_may_have_no_place() {
    assert_eq!(place(json!({}), OutsideThePage::Refuse).unwrap(), (Value::Null, false));
}

#[test]
fn what_is_no_place_is_refused_with_its_reason() {
    let many: Vec<Point> = (0..10_001_u16).map(|n| [f64::from(n % 600), f64::from(n % 7)]).collect();
    let cases = [
        (json!({"x0": 5, "y0": 0, "x1": 1, "y1": 9}), "x0 < x1"),
        (json!({"x0": 5, "y0": 9, "x1": 5, "y1": 19}), "x0 < x1"),
        (json!({"x0": 5, "y0": 0, "x1": 6}), "some of them are missing"),
        (json!({"x": 5, "y": 0, "w": 6, "h": 1}), "unknown field"),
        (json!({"x0": "5", "y0": 0, "x1": 6, "y1": 1}), "invalid type"),
        (json!({"polygon": [[1, 1], [2, 2]]}), "2 distinct points"),
        (json!({"polygon": [[1, 1], [5, 2], [5, 2], [1, 1]]}), "2 distinct points"),
        (json!({"polygon": [[1, 1], [2, 2], [30, 30]]}), "on one line"),
        (json!({"polygon": []}), "0 distinct points"),
        (json!({"polygon": many}), "10000 at most"),
        (json!({"x0": 1, "y0": 1, "x1": 700, "y1": 9}), "outside page 1, which is 612 × 792"),
        (json!({"x0": -1, "y0": 1, "x1": 7, "y1": 9}), "outside page 1"),
        (json!({"x0": 1, "y0": 1, "x1": 7, "y1": 9, "baseline": [[1, 1]]}), "two at least"),
        (json!({"baseline": [[1, 1], [2, 1]]}), "need a box"),
        (
            json!({"x0": 1, "y0": 1, "x1": 7, "y1": 9, "regions": [{"page_number": 2, "x0": 1, "y0": 1, "x1": 7, "y1": 9}]}),
            "regions[0]: there is no page 2",
        ),
        (json!({"x0": 1, "y0": 1, "x1": 7, "y1": 9, "regions": [{"page_number": 1}]}), "box or a polygon"),
    ];
    for (shape, reason) in cases {
        let refused = place(shape.clone(), OutsideThePage::Refuse).unwrap_err();
        assert!(refused.contains(reason), "{shape}: {refused}");
    }
    let not_finite = Shape {
        bounding_box: Some(BoundingBox { x0: 0.0, y0: f64::NAN, x1: 1.0, y1: 1.0 }),
        ..Shape::default()
    };
    assert!(not_finite.place(1, Frame::Points, &letter(), OutsideThePage::Clamp).is_err());
    let endless =
        Shape { polygon: Some(vec![[0.0, 0.0], [f64::INFINITY, 0.0], [1.0, 1.0]]), ..Shape::default() };
    assert!(endless.place(1, Frame::Points, &letter(), OutsideThePage::Clamp).is_err());
}

#[test]
fn what_goes_beyond_the_edge_is_cut_where_asked() {
    let clamp = |shape| place(shape, OutsideThePage::Clamp);
    let (placed, clamped) = clamp(json!({"x0": -5, "y0": 780, "x1": 700, "y1": 900})).unwrap();
    assert_eq!(placed, json!({"x0": 0.0, "y0": 780.0, "x1": 612.0, "y1": 792.0}));
    assert!(clamped);
    assert!(!clamp(json!({"x0": 5, "y0": 7, "x1": 612.005, "y1": 9})).unwrap().1, "rounding is no crossing");
    let gone = clamp(json!({"x0": 700, "y0": 1, "x1": 800, "y1": 9})).unwrap_err();
    assert!(gone.contains("wholly outside"), "{gone}");
    let (placed, _) =
        clamp(json!({"x0": 1, "y0": 1, "x1": 7, "y1": 9, "baseline": [[-9, 8], [-3, 8]]})).unwrap();
    assert_eq!(placed, json!({"x0": 1.0, "y0": 1.0, "x1": 7.0, "y1": 9.0}), "a baseline off the page goes");
}

#[test]
fn an_outline_of_1254_points_is_ordinary() {
    let round: Vec<Point> = (0..1_254_u16)
        .map(|n| {
            let angle = f64::from(n) / 1_254.0 * std::f64::consts::TAU;
            [300.0 + 250.0 * angle.cos(), 400.0 + 300.0 * angle.sin()]
        })
        .collect();
    let (placed, _) = place(json!({ "polygon": round }), OutsideThePage::Refuse).unwrap();
    assert_eq!(placed["polygon"].as_array().unwrap().len(), 1_254);
}

#[test]
fn without_known_pages_only_what_needs_none_is_a_place() {
    let shape: Shape = serde_json::from_value(json!({"x0": 300, "y0": 0, "x1": 600, "y1": 9000})).unwrap();
    let place = |frame| shape.place(7, frame, &Pages::default(), OutsideThePage::Refuse);
    assert_eq!(place(Frame::Pixels(300.0)).unwrap().coordinates.unwrap().bounding_box.x1, 144.0);
    assert!(place(Frame::Points).is_ok());
    assert!(place(Frame::Percent).unwrap_err().reason.contains("give points"));
    assert!(shape.place(0, Frame::Points, &Pages::default(), OutsideThePage::Refuse).is_err());
}

#[test]
fn writing_turns_with_its_page() {
    let page = page(1, [0.0, 0.0, 612.0, 792.0], [0.0, 0.0, 612.0, 792.0], 90, 1.0);
    let pages: Pages = [&page].into_iter().collect();
    let shape: Shape =
        serde_json::from_value(json!({"x0": 100, "y0": 200, "x1": 300, "y1": 210, "rotation": 0})).unwrap();
    let placed = shape.place(1, Frame::Pdf, &pages, OutsideThePage::Refuse).unwrap().coordinates.unwrap();
    assert_eq!(placed.rotation, Some(90.0));
    assert_eq!(placed.bounding_box, BoundingBox { x0: 200.0, y0: 100.0, x1: 210.0, y1: 300.0 });
}
