//! Opens the private PostgreSQL of a folder, says how to reach it, and lets go when its input ends.
//!
//! `cargo run -p colophon-embedded --example open -- /tmp/try` then `psql` with the URL it prints.

use std::{io::Read as _, time::Instant};

use colophon_embedded::{OnProgress, Postgres, Settings};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: open DATA_FOLDER [FOLDER_OF_BINARIES]")?;
    let mut settings = Settings::new(folder, "example open");
    settings.postgres_dir = arguments.next().map(Into::into);
    settings.progress = OnProgress::new(|step| eprintln!("{step:?}"));
    let begin = Instant::now();
    let postgres = Postgres::open(settings).await?;
    eprintln!("PostgreSQL {} ready after {:.3} s", postgres.version(), begin.elapsed().as_secs_f64());
    println!("{}", postgres.url("supabase_admin", "postgres"));
    std::io::stdin().read_to_end(&mut Vec::new())?;
    let begin = Instant::now();
    postgres.close().await?;
    eprintln!("let go after {:.3} s", begin.elapsed().as_secs_f64());
    Ok(())
}
