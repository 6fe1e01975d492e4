//! Prints what a PDF is and the zones of its pages: `cargo run -p colophon-pdf --example zones file.pdf [page …]`.

use std::error::Error;
use std::fs::File;
use std::process::ExitCode;

use colophon_pdf::{Child, Limits, PageSelection, child, inspect, read_text};

/// The hidden subcommand by which this program is its own child.
const CHILD: &str = "pdf-child";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1).peekable();
    if args.peek().is_some_and(|arg| arg == CHILD) {
        return Ok(child::main(args.skip(1)));
    }
    let file = args.next().ok_or("name a PDF")?;
    let pages: Vec<u32> = args.filter_map(|page| page.to_str()?.parse().ok()).collect();
    let pages = if pages.is_empty() { PageSelection::All } else { PageSelection::List(pages) };
    tokio::runtime::Runtime::new()?.block_on(async {
        let child = Child { program: std::env::current_exe()?, args: vec![CHILD.into()] };
        let limits = Limits::default();
        let mut found = inspect(&child, File::open(&file)?, &limits).await?;
        found.pages.truncate(3);
        println!("{found:#?}");
        let mut reader = read_text(&child, File::open(&file)?, &limits, pages).await?;
        while let Some(page) = reader.next().await? {
            println!("\n── page {} in {:?}", page.page_number, page.duration);
            match page.outcome {
                Ok(zones) => zones.iter().for_each(|zone| {
                    let b = zone.bbox;
                    let size = zone.font_size.unwrap_or_default();
                    println!(
                        "\n[{} {:.0},{:.0} {:.0},{:.0} {size}pt {}°]\n{}",
                        zone.zone_type.as_str(),
                        b.x0,
                        b.y0,
                        b.x1,
                        b.y1,
                        zone.rotation,
                        zone.content
                    );
                }),
                Err(failure) => println!("{}: {}", failure.code.as_str(), failure.reason),
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}
