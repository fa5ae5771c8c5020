use cachestack::cached;

mod a {
    #[cachestack::cached]
    pub fn load(id: u64) -> String {
        format!("a{id}")
    }
}

mod b {
    #[cachestack::cached]
    pub fn load(id: u64) -> String {
        format!("b{id}")
    }
}

#[cached]
fn load(id: u64) -> String {
    id.to_string()
}

#[test]
fn works() {
    assert_eq!(a::load(1), "a1");
    assert_eq!(b::load(1), "b1");
    assert_eq!(load(1), "1");
}
