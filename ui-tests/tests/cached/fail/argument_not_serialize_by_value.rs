use cachestack::cached;

pub struct Query {
    pub text: String,
}

#[cached]
async fn search(limit: usize, query: Query) -> Vec<String> {
    vec![query.text; limit]
}

fn main() {}
