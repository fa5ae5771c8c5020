use cachestack::cached;

#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub struct Settings(u64);

impl Settings {
    /// Known by its `Self`.
    #[cached]
    pub fn load(id: u64) -> Self {
        Self(id)
    }

    /// Known by its argument.
    #[cached(associated)]
    pub fn number(id: u64) -> u64 {
        id
    }
}

pub struct Other;

/// Known by its block.
#[cached]
impl Other {
    #[cached]
    pub fn number(id: u64) -> u64 {
        id * 2
    }

    pub fn plain() {}
}

#[test]
fn works() {
    assert_eq!(Settings::load(1).0, 1);
    assert_eq!(Settings::number(1), 1);
    assert_eq!(Other::number(1), 2);
    let [one, two] = [Settings::number_entry(1), Other::number_entry(1)];
    assert_ne!(one.key().unwrap(), two.key().unwrap());
}
