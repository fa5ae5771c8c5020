//! A whole cache from a TOML file and the environment.
//!
//! ```text
//! cargo run --example configured                                        # the built-in file
//! cargo run --example configured -- shop.toml                           # a file of yours
//! SHOP_CACHE_TTL=1m SHOP_CACHE_LAYERS__0__MEMORY__MAX_ENTRIES=50 cargo run --example configured
//! ```
//!
//! Variables begin with `SHOP_CACHE_`, two underscores stand between a setting and one inside it, and they win
//! over the file. With them alone, layers have numbers.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it shows is what it is for"
)]

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use cachestack::{Cache, CacheConfig};
use figment::Figment;
use figment::providers::{Env, Format, Toml};

/// What holds unless a file says otherwise.
const DEFAULTS: &str = r#"
    namespace = "shop"
    ttl = "10m"

    [layers.0]
    memory.max_entries = 10_000

    [layers.1]
    file.directory = "./cache"
    deadline = "250ms"
"#;

fn read(file: Option<&Path>) -> Result<CacheConfig, Box<figment::Error>> {
    let settings = match file {
        Some(file) => Figment::from(Toml::file_exact(file)),
        None => Figment::from(Toml::string(DEFAULTS)),
    };
    let settings = settings.merge(Env::prefixed("SHOP_CACHE_").split("__"));
    settings.extract().map_err(Box::new)
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let file = env::args_os().nth(1);
    // A wrong value is named with the place it stands at, and with what is allowed there.
    let config = read(file.as_deref().map(Path::new))?;
    println!("{config:#?}");
    let cache = Cache::from_config(config)?;
    cache.set("greeting", String::from("hello"), None).await?;
    let greeting = cache.get::<String>("greeting").await?;
    println!("\n{greeting:?}\n\n{}", cache.stats().await?);
    cache.close().await?;
    Ok(())
}
