//! Whether zones, their history and their corrections agree: each check finds what was broken for it, exactly that.

use crate::fsck::Instance;

#[test]
fn zones_that_do_not_agree_are_found_and_mended_where_nothing_is_lost() {
    let instance = Instance::start();
    instance.is_clean("nothing");
    let document = instance.id().to_owned();
    let zones = instance.server.ask("select string_agg(id::text, ',' order by id) from public.zones");
    let zones: Vec<&str> = zones.split(',').collect();
    assert!(zones.len() >= 3, "{zones:?}");
    let key = |zone: &str| format!("{document}/{zone}");
    let set = |zone: &str, change: &str| {
        instance.change_unchecked(&format!("update public.zones set {change} where id = '{zone}'"));
    };

    instance.change_unchecked("update public.documents set zones_revision = 0");
    instance.finds_and_repairs("F27", &document);
    set(zones[1], "parent_id = gen_random_uuid()");
    instance.finds_and_repairs("F23", &key(zones[1]));
    let reason =
        instance.server.ask("select reason from public.document_changes order by revision desc limit 1");
    assert!(
        reason.starts_with("colophon fsck --repair: its parent "),
        "it is on record, and can be undone: {reason}"
    );
    for (part, whole) in [(0, 1), (1, 2), (2, 0)] {
        set(zones[part], &format!("parent_id = '{}'", zones[whole]));
    }
    instance.finds_and_repairs("F24", &key(zones[0]));
    let left = instance.server.ask("select string_agg(parent_id::text, ',' order by id) from public.zones");
    assert_eq!(left, format!("{},{}", zones[2], zones[0]), "the other parents stay");
    set(zones[2], r#"original = '{"content": "kept", "zone_index": 1}'"#);
    instance.finds_and_repairs("F28", &key(zones[2]));
    assert_eq!(
        instance.server.ask("select original::text from public.zones where original is not null"),
        r#"{"content": "kept"}"#
    );
}

#[test]
fn what_only_a_person_or_a_backup_can_mend_is_found_until_it_is() {
    let instance = Instance::start();
    let document = instance.id().to_owned();
    let zone = instance.server.ask("select id::text from public.zones order by zone_index limit 1");
    let key = format!("{document}/{zone}");
    let set = |change: &str| {
        instance.change_unchecked(&format!("update public.zones set {change} where id = '{zone}'"));
    };
    let coordinates =
        instance.server.ask(&format!("select coordinates::text from public.zones where id = '{zone}'"));
    for place in [
        "page_number = 99",
        r#"coordinates = '{"x0": 9, "y0": 1, "x1": 1, "y1": 2}'"#,
        r#"coordinates = '{"x0": 9000, "y0": 1, "x1": 9001, "y1": 2}'"#,
    ] {
        set(place);
        instance.finds_for_good("F25", &key);
        set(&format!("page_number = 1, coordinates = '{coordinates}'"));
    }
    set("coordinates = '{}'");
    instance.is_clean("a zone without a place");

    for text in ["one", "two", "three"] {
        instance.change(&format!("update public.zones set content = '{text}' where id = '{zone}'"));
    }
    instance.is_clean("three changes");
    let middle = "(select max(zones_revision) from public.zone_history)";
    instance.change_unchecked(&format!("delete from public.zone_history where zones_revision = {middle}"));
    instance.finds_for_good("F26", &key);
    // Two states that hold at once.
    instance.change_unchecked(
        "update public.zone_history h set until_revision = d.zones_revision from public.documents d",
    );
    instance.finds_for_good("F26", &key);
    instance.change_unchecked("delete from public.zone_history");

    // What went and came back, by an undo or as another zone of the same id, has no state in between.
    let again = |kind: &str| {
        instance.change(&format!(
            "create table gone as select * from public.zones where id = '{zone}';
             delete from public.zones where id = '{zone}'"
        ));
        instance
            .change(&format!("update public.zones set content = 'meanwhile {kind}' where id <> '{zone}'"));
        instance.change(&format!(
            "begin; select colophon.begin_change('{document}', '{kind}');
             update gone set zones_revision = null{};
             insert into public.zones select * from gone; commit; drop table gone",
            if kind == "edit" { ", created_at = now()" } else { "" }
        ));
        instance.is_clean(&format!("a zone that came back by {kind}"));
    };
    again("undo");
    again("edit");

    let correction = format!(
        "insert into public.user_corrections (document_id, id, zone_id, corrected_content, zones_revision)
         values ('{document}', '{zone}', '{zone}', 'x', 999)"
    );
    instance.change_unchecked(&correction);
    instance.finds_for_good("F29", &key);
    instance.change("delete from public.user_corrections");

    instance.change(&format!(
        "insert into public.reading_orders (document_id, version, name, items)
         values ('{document}', 1, 'columns', '[\"{zone}\", {{\"ordered\": true, \"items\": [\"{document}\"]}}]')"
    ));
    let checked = instance.check(&[]);
    assert_eq!(checked.found(), [format!("nF91 {document}/1/columns")].into(), "{}", checked.said);
    assert_eq!(checked.code, Some(0), "it is worth knowing, and nothing is wrong");
}
