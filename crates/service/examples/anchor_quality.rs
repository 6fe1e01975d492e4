//! How well people's corrections come through synthetic runs over real pages: precision and recall of each outcome.
//!
//! `cargo run --release -p colophon-service --example anchor_quality -- [--seed N] [--rounds N] [--half tune|check] [--wrong]
//! FILE|FOLDER…`, where the files are PAGE-XML, ALTO and `DoclingDocument`; without any, pages of made-up prose are taken.
//! Whoever changes the matching looks only at the files of the half `tune`, and measures on `check` what it is worth.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use colophon_domain::{NewZone, Outcome, Page};
use colophon_formats::import::{self, Converter, Event, Format, ImportReport, OnInvalid, Options, detect};
use colophon_testkit::reruns::{LEVELS, Tally, pages_of_prose, read_again};
use fastrand::Rng;

/// Points: what a page is wide.
const WIDTH: f64 = 595.0;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut seed, mut rounds, mut show_wrong, mut paths) = (1, 1, false, Vec::new());
    let mut half = None;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--seed" => seed = args.next().ok_or("--seed wants a number")?.parse()?,
            "--rounds" => rounds = args.next().ok_or("--rounds wants a number")?.parse()?,
            "--half" => {
                half = Some(match args.next().as_deref() {
                    Some("tune") => 0,
                    Some("check") => 1,
                    _ => return Err("--half wants tune or check".into()),
                });
            }
            "--wrong" => show_wrong = true,
            path => paths.extend(files(Path::new(path))?),
        }
    }
    paths.retain(|path| half.is_none_or(|half| half == half_of(path)));
    let mut sets: BTreeMap<&str, Vec<Vec<NewZone>>> = BTreeMap::new();
    for path in &paths {
        match read(path) {
            Ok((format, pages)) => sets.entry(format).or_default().extend(pages),
            Err(error) => eprintln!("{}: {error}", path.display()),
        }
    }
    if paths.is_empty() {
        sets.insert("prose", pages_of_prose(500, &mut Rng::with_seed(seed)));
    }
    let all: Vec<Vec<NewZone>> = sets.values().flatten().cloned().collect();
    if sets.len() > 1 {
        sets.insert("together", all);
    }
    println!("seed {seed}, {rounds} rounds; per outcome: precision / recall (how many are true)");
    for (name, pages) in &sets {
        for level in LEVELS {
            let mut tally = Tally::default();
            let mut rng = Rng::with_seed(seed);
            let begun = Instant::now();
            for _ in 0..rounds {
                read_again(pages, level, &mut rng, &mut tally);
            }
            print(name, level.name, &tally, begun.elapsed().as_secs_f64());
            if show_wrong {
                tally.wrong.iter().take(200).for_each(|wrong| println!("    {wrong}"));
            }
        }
    }
    Ok(())
}

fn print(set: &str, level: &str, tally: &Tally, seconds: f64) {
    println!(
        "{set} · {level}: {} pages, {} zones, {} corrections in {seconds:.1} s; dropped {}, deleted zones that came \
         again {}, mistaken for another {}",
        tally.pages, tally.zones, tally.corrections, tally.dropped, tally.came_again, tally.mistaken
    );
    let cells = Outcome::ALL.map(|outcome| {
        let score = tally.scores.get(&outcome).copied().unwrap_or_default();
        format!("{} {:.3} / {:.3} ({})", outcome.as_str(), score.precision(), score.recall(), score.truth)
    });
    println!("  {}", cells.join(" · "));
}

/// Which half a file is in, by its name: the parity of its FNV-1a hash, folded, the same on every machine.
fn half_of(path: &Path) -> u64 {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    u64::from(hash.count_ones() % 2)
}

fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(path)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    entries.sort();
    let mut found = Vec::new();
    for entry in entries {
        found.extend(files(&entry)?);
    }
    Ok(found)
}

/// Zones by page.
type Pages = Vec<Vec<NewZone>>;

/// A file's zones by page, in reading order, on pages as wide as A4.
fn read(path: &Path) -> Result<(&'static str, Pages), Box<dyn Error>> {
    let mut file = File::open(path)?;
    let mut start = [0; 4096];
    let length = file.read(&mut start)?;
    file.rewind()?;
    let format = detect(&start[..length])?;
    if !matches!(format, Format::PageXml | Format::Alto | Format::Docling) {
        return Err("is none of PAGE-XML, ALTO, DoclingDocument".into());
    }
    let (mut sources, mut zones) = (Vec::new(), Vec::new());
    let mut report = ImportReport::default();
    import::read(BufReader::new(file), format, &Options::default(), &mut report, &mut |event, _| {
        match event {
            Event::Page(page) => sources.push(page),
            Event::Zone(zone) => zones.push(*zone),
            Event::ReadingOrder(_) => {}
        }
        Ok(())
    })?;
    let pages: Vec<Page> = sources
        .iter()
        .filter_map(|page| {
            let [width, height] = page.size?;
            let size = [WIDTH, WIDTH * height / width];
            let whole = [0.0, 0.0, size[0], size[1]];
            Some(Page {
                page_number: page.page_number,
                width: size[0],
                height: size[1],
                rotation: 0,
                mediabox: whole,
                cropbox: whole,
                user_unit: 1.0,
            })
        })
        .collect();
    let mut converter = Converter::new(format, &pages, OnInvalid::Clamp);
    for page in sources {
        converter.page(page, &mut report);
    }
    let mut by_page: BTreeMap<i32, Vec<(i64, NewZone)>> = BTreeMap::new();
    for zone in zones {
        if let Some(prepared) = converter.zone(zone, &mut report) {
            by_page.entry(prepared.zone.page_number).or_default().push((prepared.order, prepared.zone));
        }
    }
    let pages = by_page.into_values().map(|mut page| {
        page.sort_by_key(|(order, _)| *order);
        let numbered = (0..).zip(page);
        numbered.map(|(zone_index, (_, zone))| NewZone { zone_index, ..zone }).collect()
    });
    Ok((format.as_str(), pages.collect()))
}
