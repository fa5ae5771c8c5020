use cachestack::cached;

#[cached]
fn str(text: &str) -> String {
    text.to_owned()
}

fn main() {}
