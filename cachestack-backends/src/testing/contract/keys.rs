//! Which keys are different keys.

use super::steps::{key, key_in, text};
use crate::key::Key;
use crate::testing::Subject;

/// Any text is a key: empty.
pub async fn the_empty_key_is_a_key(subject: &Subject) {
    different_keys(
        subject,
        &[
            key(""),
            key_in("", ""),
            key(" "),
            key("/"),
            key_in("contract/", ""),
        ],
    )
    .await;
}

/// Any text is a key: 10 kB long, with newlines and NUL.
pub async fn a_key_of_10_kb_with_newlines_and_nul(subject: &Subject) {
    let long = "GET / HTTP/1.1\r\n\0set x 0 0 1\n".repeat(350);
    let keys = [
        long.clone(),
        format!("{long}1"),
        format!("{long}2"),
        format!("1{long}"),
        long.replace('\0', ""),
        long.replace('\n', " "),
        "\n".into(),
        "\r\n".into(),
        "\0".into(),
        "\0\0".into(),
    ];
    different_keys(subject, &keys.map(|text| key(&text))).await;
}

/// Any text is a key: any unicode, with nothing normalised.
pub async fn unicode_keys(subject: &Subject) {
    let keys = [
        "ä",
        "a\u{308}",
        "Ä",
        "ß",
        "ss",
        "SS",
        "İ",
        "i",
        "ı",
        "日本語",
        "🦀",
        "🦀🦀",
        "\u{202e}abc",
        "\u{feff}",
        "\u{10ffff}",
        "é\u{301}",
        "ﬁ",
        "fi",
    ];
    different_keys(subject, &keys.map(key)).await;
}

/// Two different keys never meet, be they ever so alike.
pub async fn keys_that_look_alike_never_meet(subject: &Subject) {
    let keys = [
        "a", "A", "a ", " a", "a\t", "a.", "a/", "/a", "./a", "../a", "..", ".", "a/b", "a\\b",
        "a:b", "a%2Fb", "a%2fb", "a%252Fb", "a_b", "a-b", "a*", "*", "?", "a?", "[a]", "%", "_",
        "'a'", "\"a\"", "a;b", "$1", "{a}", "con", "CON", "nul", "a~1", "0", "00", "-0", "null",
        "#", "~",
    ];
    different_keys(subject, &keys.map(key)).await;
}

/// Two keys that differ only in their namespace are different keys.
pub async fn keys_that_differ_only_in_namespace(subject: &Subject) {
    let spaces = [
        "",
        "shop",
        "Shop",
        "shop2",
        "shop:eu",
        "shop/eu",
        "shop%2Feu",
        "shop:",
        ":shop",
        " ",
        "shop ",
        "s",
        "*",
        "%",
        "日本",
        "shop\n",
        "shop\0",
    ];
    let mut keys: Vec<Key> = spaces.iter().map(|space| key_in(space, "k")).collect();
    // What the others would be, if name and text were just written one after the other.
    keys.extend(
        [
            "shop/k",
            "shop:k",
            "shop:eu:k",
            "shop:eu/k",
            "eu/k",
            ":eu/k",
            "2/k",
        ]
        .map(|text| key_in("", text)),
    );
    keys.push(key_in("shop", "eu/k"));
    keys.push(key_in("shop", ":eu/k"));
    different_keys(subject, &keys).await;
}

/// Two caches on one backend with two namespaces never see each other.
pub async fn two_caches_on_one_backend_never_meet(subject: &Subject) {
    let (ours, theirs) = (key_in("ours", "k"), key_in("theirs", "k"));
    subject.put(&ours, text("ours")).await;
    subject.expect_nothing(&theirs).await;
    subject.put(&theirs, text("theirs")).await;
    subject.expect(&ours, &text("ours")).await;
    subject.delete(&ours).await;
    subject.expect(&theirs, &text("theirs")).await;
    subject.put(&ours, text("ours")).await;
    subject.clear("theirs").await;
    subject.expect(&ours, &text("ours")).await;
    subject.expect_nothing(&theirs).await;
}

/// Each key holds its own value, and deleting one leaves the others.
async fn different_keys(subject: &Subject, keys: &[Key]) {
    for (number, key) in keys.iter().enumerate() {
        subject.expect_nothing(key).await;
        subject.put(key, number as u64).await;
    }
    for (number, key) in keys.iter().enumerate() {
        subject.expect(key, &(number as u64)).await;
    }
    for (number, key) in keys.iter().enumerate() {
        subject.delete(key).await;
        subject.expect_nothing(key).await;
        if let Some(next) = keys.get(number + 1) {
            subject.expect(next, &(number as u64 + 1)).await;
        }
    }
}
