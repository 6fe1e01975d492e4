//! Stops the tests' server of this checkout, if nobody uses it: `cargo run -p colophon-testkit --example stop`.

use colophon_embedded::{Error, Postgres, Settings};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let folder = colophon_testkit::folder();
    if folder.exists() {
        Postgres::open(Settings::new(folder, "stopping")).await?.close().await?;
    }
    Ok(())
}
