use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The next times of an expression in Berlin, as the clock there shows them.
fn in_berlin(cron: &str, after: &str, count: usize) -> Vec<String> {
    let cron = Cron::new(cron, "Europe/Berlin").unwrap();
    let zone = jiff::tz::TimeZoneDatabase::bundled().get("Europe/Berlin").unwrap();
    let times = std::iter::successors(cron.next_after(at(after)), |last| cron.next_after(*last));
    let shown = |time: Timestamp| time.to_zoned(zone.clone()).strftime("%m-%d %H:%M%:z").to_string();
    times.take(count).map(shown).collect()
}

#[test]
fn a_time_that_the_clock_skips_runs_at_the_moment_that_it_skips_to() {
    // 2027-03-28 in Berlin: 02:00 is 03:00.
    let before = "2027-03-27T01:30:00Z";
    let daily = ["03-28 03:00+02:00", "03-29 02:30+02:00"];
    assert_eq!(in_berlin("30 2 * * *", before, 2), daily);
    // Several that are skipped are one, and one with what is due there anyway.
    let often = ["03-28 01:45+01:00", "03-28 03:00+02:00", "03-28 03:15+02:00"];
    assert_eq!(in_berlin("*/15 * * * *", "2027-03-28T00:30:00Z", 3), often);
    // Whenever one looks.
    assert_eq!(in_berlin("30 2 * * *", "2027-03-28T00:59:59Z", 1), daily[..1]);
    assert_eq!(in_berlin("30 2 * * *", "2027-03-28T01:00:00Z", 1), daily[1..]);
}

#[test]
fn a_time_that_the_clock_shows_twice_runs_once() {
    // 2027-10-31 in Berlin: 03:00 is 02:00 again.
    let nights = ["10-30 02:30+02:00", "10-31 02:30+02:00", "11-01 02:30+01:00"];
    assert_eq!(in_berlin("30 2 * * *", "2027-10-29T12:00:00Z", 3), nights);
    // Looked at between the two, and within the second hour.
    for after in
        ["2027-10-31T00:30:00Z", "2027-10-31T00:45:00Z", "2027-10-31T01:15:00Z", "2027-10-31T01:30:00Z"]
    {
        assert_eq!(in_berlin("30 2 * * *", after, 1), nights[2..], "{after}");
    }
    let hours = ["10-31 01:00+02:00", "10-31 02:00+02:00", "10-31 03:00+01:00"];
    assert_eq!(in_berlin("@hourly", "2027-10-30T22:30:00Z", 3), hours);
}

#[test]
fn every_expression_goes_on_and_never_stands_still() {
    for cron in [
        "* * * * *",
        "*/7 2 * * *",
        "59 23 31 12 *",
        "0 0 29 2 *",
        "0 0 L * *",
        "0 9 * * MON#1",
        "0 12 13 * FRI",
    ] {
        for zone in [
            "UTC",
            "Europe/Berlin",
            "America/St_Johns",
            "Australia/Lord_Howe",
            "Pacific/Apia",
            "Africa/Casablanca",
        ] {
            let cron = Cron::new(cron, zone).unwrap();
            let mut last = at("2026-02-27T23:59:59.5Z");
            for _ in 0..400 {
                let Some(next) = cron.next_after(last) else {
                    panic!("{} in {zone} after {last}", cron.as_str())
                };
                assert!(
                    next > last && next.as_second() % 60 == 0,
                    "{} in {zone}: {next} after {last}",
                    cron.as_str()
                );
                if next > at("2090-01-01T00:00:00Z") {
                    break;
                }
                last = next;
            }
        }
    }
}

#[test]
fn what_is_no_expression_is_refused_with_its_place_and_an_example() {
    let refused = |cron: &str, zone: &str| Cron::new(cron, zone).unwrap_err();
    for (cron, told) in [
        ("", "it has 0 fields"),
        ("* * * *", "it has 4 fields"),
        ("0 0 2 * * *", "it has 6 fields"),
        ("60 * * * *", "minute: "),
        ("0 24 * * *", "hour: "),
        ("0 0 32 * *", "day of month: "),
        ("0 0 * 13 *", "month: "),
        ("0 0 * * 8", "day of week: "),
        ("0 0 * * MIN", "day of week: "),
        ("H * * * *", "minute: "),
        ("*/0 * * * *", "minute: "),
        ("0 5-3 * * *", "hour: "),
        ("@reboot", "no such short form"),
        ("0 0 30 2 *", "comes to no time"),
        ("0 2 * * Europe/Berlin", "day of week: "),
        ("é * * * *", "ASCII"),
        (&"1,".repeat(150), "200 characters"),
    ] {
        let invalid = refused(cron, "UTC");
        assert!(invalid.field == "cron" && invalid.reason.contains(told), "{cron:?}: {invalid}");
        assert!(invalid.reason.contains("\"30 2 * * 1-5\""), "{cron:?}: {invalid}");
    }
    for zone in ["", "Berlin", "Europe/Berlin\0", "CET+1", "Etc/Unknown", "+02:00", "../UTC"] {
        let invalid = refused("@daily", zone);
        assert!(invalid.field == "time_zone" && invalid.reason.contains("IANA"), "{zone:?}: {invalid}");
    }
    let cron = Cron::new("  0\t2 *  * * ", "europe/berlin").unwrap();
    assert_eq!((cron.as_str(), cron.time_zone()), ("0 2 * * *", "Europe/Berlin"));
}

fn due() -> DueSchedule {
    let now = at("2026-11-24T12:00:30Z");
    DueSchedule {
        schedule: JobSchedule {
            document_id: DocumentId::new(),
            id: ScheduleId::new(),
            name: None,
            cron: "*/5 * * * *".into(),
            time_zone: "UTC".into(),
            strategy: "text-layer".into(),
            options: Map::new(),
            page_numbers: Some(vec![1, 3]),
            queue: "default".into(),
            priority: 2,
            max_attempts: 5,
            timeout_seconds: None,
            enabled: true,
            disabled_reason: None,
            next_run_at: Some(at("2026-11-24T09:00:00Z")),
            last_run_at: None,
            last_job_id: None,
            last_skipped_at: None,
            last_skip_reason: None,
            created_by: Some("somebody".into()),
            created_at: at("2026-11-24T08:58:00Z"),
            updated_at: at("2026-11-24T08:58:00Z"),
        },
        now,
        is_allowed: true,
        in_trash: false,
        status: "processed".into(),
        version: 2,
        page_count: Some(3),
    }
}

#[test]
fn times_that_went_by_are_one_and_the_next_is_to_come() {
    let due = due();
    let Turn::Run(job, next) = due.turn() else { panic!("{:?}", due.turn()) };
    assert_eq!(next, at("2026-11-24T12:05:00Z"));
    assert_eq!((job.version, job.units, job.total_pages), (2, Units::Pages(vec![1, 3]), Some(2)));
    assert_eq!(job.job_key, Some(format!("schedule:{}", due.schedule.id)));
    assert_eq!(job.created_by.as_deref(), Some("somebody"));
}

#[test]
fn a_new_schedule_is_told_its_first_time_and_misses_none() {
    let mut new = due();
    new.schedule.next_run_at = None;
    new.now = at("2026-11-24T08:58:01Z");
    assert!(
        matches!(new.turn(), Turn::Wait(first) if first == at("2026-11-24T09:00:00Z")),
        "{:?}",
        new.turn()
    );
    new.now = at("2026-11-24T09:00:01Z");
    assert!(
        matches!(new.turn(), Turn::Run(_, next) if next == at("2026-11-24T09:05:00Z")),
        "{:?}",
        new.turn()
    );
}

#[test]
fn what_cannot_run_is_skipped_or_disabled_with_its_reason() {
    type Change = fn(&mut DueSchedule);
    let disabled: [(&str, Change); 5] = [
        ("may not edit", |due| due.is_allowed = false),
        ("in the trash", |due| due.in_trash = true),
        ("no cron expression", |due| due.schedule.cron = "often".into()),
        ("IANA", |due| due.schedule.time_zone = "Mars".into()),
        ("did you mean", |due| due.schedule.strategy = "text_layer".into()),
    ];
    for (told, change) in disabled {
        let mut due = due();
        change(&mut due);
        assert!(
            matches!(due.turn(), Turn::Disable(reason) if reason.contains(told)),
            "{told}: {:?}",
            due.turn()
        );
    }
    let skipped: [(&str, Change); 2] = [
        ("is damaged", |due| (due.status, due.page_count) = ("damaged".into(), None)),
        ("has no page 3", |due| due.page_count = Some(2)),
    ];
    for (told, change) in skipped {
        let mut due = due();
        change(&mut due);
        assert!(
            matches!(due.turn(), Turn::Skip(reason, _) if reason.contains(told)),
            "{told}: {:?}",
            due.turn()
        );
    }
}

#[test]
fn the_next_times_are_told_and_a_disabled_schedule_has_none() {
    let mut schedule = due().schedule;
    let now = at("2026-11-24T08:59:00Z");
    let times = ["2026-11-24T09:00:00Z", "2026-11-24T09:05:00Z", "2026-11-24T09:10:00Z"].map(at);
    assert_eq!(schedule.upcoming(now, 3), times);
    schedule.next_run_at = None;
    assert_eq!(schedule.upcoming(now, 3), times);
    schedule.enabled = false;
    assert!(schedule.upcoming(now, 3).is_empty());
}
