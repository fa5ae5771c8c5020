use cachestack::key;

struct User {
    id: u64,
}

#[test]
fn works() {
    let user = User { id: 7 };
    let list = [1, 2];
    assert_eq!(
        &*key!("user:{user.id + 1}:{list[0]}:{list.len()}"),
        "user:8:1:2"
    );
    assert_eq!(&*key!("{{}}"), "{}");
    assert_eq!(&*key!("url:{\"a:b\":raw}"), "url:a:b");
    let key = 1;
    let __key = 2;
    assert_eq!(&*key!("{key}:{__key}"), "1:2");
}
