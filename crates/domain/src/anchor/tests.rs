use super::*;

fn zone(zone_index: i32, rect: [f64; 4], content: &str) -> Seen<'_> {
    let [x0, y0, x1, y1] = rect;
    let bounding_box = Some(BoundingBox { x0, y0, x1, y1 });
    Seen { page_number: 1, zone_index, zone_type: "text", bounding_box, content }
}

fn relations(before: &[Seen], now: &[Seen]) -> Vec<(Relation, Vec<usize>, Vec<usize>)> {
    compare(before, now).groups.into_iter().map(|g| (g.relation, g.before, g.now)).collect()
}

const HEADING: &str = "Annual report of the harbour authority";
const FIRST: &str = "Traffic rose by a tenth, mostly in timber and grain, while coal went on falling.";
const SECOND: &str = "The dredging of the northern basin was finished in autumn and cost less than planned.";

fn page<'a>() -> [Seen<'a>; 3] {
    [
        zone(0, [72.0, 60.0, 400.0, 80.0], HEADING),
        zone(1, [72.0, 100.0, 500.0, 140.0], FIRST),
        zone(2, [72.0, 150.0, 500.0, 190.0], SECOND),
    ]
}

#[test]
fn a_page_read_again_is_the_same_page() {
    use Relation::Same;
    let all = [(Same, vec![0], vec![0]), (Same, vec![1], vec![1]), (Same, vec![2], vec![2])];
    assert_eq!(relations(&page(), &page()), all);
    assert!(relations(&[], &[]).is_empty());
}

#[test]
fn a_shifted_page_is_recognised_with_and_without_text() {
    let shifted = |zones: [Seen<'static>; 3], text: bool| {
        zones.map(|mut zone| {
            let b = zone.bounding_box.as_mut().expect("a box");
            (b.x0, b.x1, b.y0, b.y1) = (b.x0 + 20.0, b.x1 + 20.0, b.y0 + 45.0, b.y1 + 45.0);
            zone.content = if text { zone.content } else { "" };
            zone
        })
    };
    let comparison = compare(&page(), &shifted(page(), true));
    let [dx, dy] = comparison.shifts[&1];
    assert!((dx - 20.0).hypot(dy - 45.0) < 1e-9, "{dx} {dy}");
    let moved = |(relation, before, now): (Relation, Vec<usize>, Vec<usize>)| {
        relation == Relation::Moved && before == now
    };
    assert!(relations(&page(), &shifted(page(), true)).into_iter().all(moved));
    let silent = page().map(|zone| Seen { content: "", ..zone });
    assert!(relations(&silent, &shifted(page(), false)).into_iter().all(moved));
}

#[test]
fn a_paragraph_split_at_a_line_and_one_joined_to_its_neighbour_are_found() {
    let [heading, first, second] = page();
    let parts = [
        heading,
        zone(1, [72.0, 100.0, 500.0, 118.0], "Traffic rose by a tenth, mostly in timber and"),
        zone(2, [72.0, 120.0, 500.0, 140.0], "grain, while coal went on falling."),
        Seen { zone_index: 3, ..second },
    ];
    let split = relations(&page(), &parts);
    assert_eq!(split[1], (Relation::Split, vec![1], vec![1, 2]));
    assert_eq!(split[2], (Relation::Same, vec![2], vec![3]));

    let both = format!("{FIRST} {SECOND}");
    let joined = [heading, zone(1, [72.0, 100.0, 500.0, 190.0], &both)];
    assert_eq!(relations(&[heading, first, second], &joined)[1], (Relation::Merged, vec![1, 2], vec![1]));
}

#[test]
fn what_is_gone_is_gone_and_what_is_new_is_new() {
    let [heading, first, second] = page();
    let now = [heading, second, zone(9, [72.0, 600.0, 300.0, 620.0], "Printed in Lübeck")];
    let found = relations(&[heading, first, second], &now);
    assert_eq!(found[1], (Relation::Gone, vec![1], vec![]));
    assert_eq!(found[3], (Relation::New, vec![], vec![2]));
}

#[test]
fn a_line_within_its_region_is_not_a_part_broken_off() {
    let region = Seen { zone_type: "region", ..zone(0, [72.0, 100.0, 500.0, 140.0], FIRST) };
    let line = zone(1, [72.0, 100.0, 500.0, 120.0], "Traffic rose by a tenth, mostly in timber and");
    // The run now gives the region alone, or gives a line it did not give before.
    assert_eq!(
        relations(&[region, line], &[region]),
        [(Relation::Same, vec![0], vec![0]), (Relation::Gone, vec![1], vec![])]
    );
    assert_eq!(
        relations(&[region], &[region, line]),
        [(Relation::Same, vec![0], vec![0]), (Relation::New, vec![], vec![1])]
    );
}

#[test]
fn zones_without_a_place_are_told_by_text_and_order() {
    let placeless = |zone: Seen<'static>| Seen { bounding_box: None, ..zone };
    let before = page().map(placeless);
    let [heading, first, second] = before;
    let now = [heading, Seen { content: "Something else altogether, unrelated", ..second }, first];
    let found = relations(&before, &now);
    assert_eq!(found[0], (Relation::Same, vec![0], vec![0]));
    assert_eq!(found[1], (Relation::Same, vec![1], vec![2]));
}

#[test]
fn the_same_place_with_another_text_is_the_same_zone() {
    let [heading, first, second] = page();
    let now = [heading, Seen { content: "xxxx yyyy zzzz wwww", ..first }, second];
    assert_eq!(relations(&page(), &now)[1], (Relation::Same, vec![1], vec![1]));
}
