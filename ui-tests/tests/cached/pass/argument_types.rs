use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use cachestack::cached;
use serde::Serialize;

#[derive(Serialize)]
pub enum Kind {
    A,
    B { n: u64 },
}

#[cached]
#[allow(clippy::too_many_arguments, clippy::boxed_local)]
fn count(
    kind: Kind,
    list: &[u64],
    set: HashSet<String>,
    map: &BTreeMap<u64, bool>,
    shared: Box<str>,
    float: f64,
    unit: (),
    nested: Option<&Option<(u8, char)>>,
) -> usize {
    let _ = (float, unit, nested);
    let n = match kind {
        Kind::A => 0,
        Kind::B { n } => n as usize,
    };
    n + list.len() + set.len() + map.len() + shared.len()
}

#[test]
fn works() {
    let set = HashSet::from(["a".to_owned()]);
    let map = BTreeMap::new();
    let n = count(
        Kind::B { n: 1 },
        &[1],
        set,
        &map,
        "ab".into(),
        0.5,
        (),
        Some(&None),
    );
    assert_eq!(n, 5);
    drop(Arc::new(Kind::A));
}
