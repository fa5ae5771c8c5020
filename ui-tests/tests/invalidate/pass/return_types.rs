use cachestack::invalidate;

pub type Done = Result<(), std::io::Error>;

#[invalidate(key = "a")]
fn nothing() {}

#[invalidate(key = "a")]
async fn nothing_later() {}

#[invalidate(key = "a")]
fn result() -> Result<(), Box<dyn std::error::Error>> {
    Ok(())
}

#[invalidate(key = "a")]
async fn alias() -> Done {
    Ok(())
}

#[invalidate(key = "a")]
fn not_serialize() -> std::rc::Rc<u64> {
    1.into()
}

#[invalidate(key = "a")]
fn option() -> Option<std::fs::File> {
    None
}

#[tokio::test]
async fn works() {
    nothing();
    nothing_later().await;
    result().unwrap();
    alias().await.unwrap();
    not_serialize();
    option();
}
