use cachestack::cached;

pub struct Query {
    pub text: String,
}

#[cached]
fn search(query: &Query, limit: usize) -> Vec<String> {
    vec![query.text.clone(); limit]
}

fn main() {}
