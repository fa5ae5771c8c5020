use std::borrow::Cow;

use cachestack::cached;

#[cached]
async fn trimmed(text: &str) -> Cow<'_, str> {
    text.trim().into()
}

fn main() {}
