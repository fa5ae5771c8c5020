//! What becomes of each call, as trace events.
//!
//! A process of its own: whether anybody listens at a place in the code is settled, for all threads, by the thread that
//! comes there first. So one subscriber of the whole process listens from the start, and sorts by thread.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::cell::RefCell;
use std::fmt;
use std::sync::Once;

use cachestack::{Cache, cached};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

thread_local! {
    static NOTES: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
}

/// Notes what each thread traces at the target `cachestack`.
struct Notes;

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.0.insert_str(0, &format!("{value:?}")),
            name => self.0.push_str(&format!(" {name}={value:?}")),
        }
    }
}

impl Subscriber for Notes {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "cachestack"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        NOTES.with_borrow_mut(|notes| notes.push((*event.metadata().level(), text.0)));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Notes {
    fn of(run: impl FnOnce()) -> Vec<(Level, String)> {
        static LISTENS: Once = Once::new();
        LISTENS.call_once(|| tracing::subscriber::set_global_default(Self).unwrap());
        NOTES.take();
        run();
        NOTES.take()
    }
}

#[test]
fn hits_are_traced_finely_and_the_rest_for_debugging_without_keys_and_values() {
    #[cached(name = "traces.secret")]
    fn secret(_token: &str) -> String {
        String::from("a value")
    }

    let cache = Cache::builder().namespace("shop").build().unwrap();
    let notes = Notes::of(|| {
        cache.sync_scope(|| (secret("hunter2"), secret("hunter2")));
    });
    let [(computed_at, computed), (hit_at, hit)] = &notes[..] else {
        panic!("two notes: {notes:?}")
    };
    assert_eq!((*computed_at, *hit_at), (Level::DEBUG, Level::TRACE));
    let function = r#" function=traces.secret namespace="shop""#;
    assert!(
        computed.starts_with(&format!("computed{function} took=")),
        "{computed}"
    );
    assert_eq!(*hit, format!(r#"hit{function} layer="memory" depth=0"#));
    for secret in ["hunter2", "a value"] {
        assert!(!format!("{notes:?}").contains(secret));
    }
}

#[test]
fn each_outcome_is_traced() {
    #[cached(bypass = true)]
    fn bypassed() -> u64 {
        1
    }
    #[cached]
    fn fails() -> Result<u64, u64> {
        Err(1)
    }
    #[cached(condition = Option::is_some)]
    fn refused() -> Option<u64> {
        None
    }
    #[cached]
    fn refreshed() -> u64 {
        1
    }
    #[cached]
    fn fenced() -> u64 {
        fenced::entry().blocking().invalidate().unwrap();
        1
    }

    let cache = Cache::builder().build().unwrap();
    let notes = Notes::of(|| {
        cache.sync_scope(|| {
            bypassed();
            fails().unwrap_err();
            refused();
            refreshed();
            refreshed::refresh();
            fenced();
        });
        cache.blocking().close().unwrap();
        cache.sync_scope(refused);
    });
    let outcomes: Vec<&str> = notes
        .iter()
        .map(|(_, text)| text.split(" function").next().unwrap())
        .collect();
    assert_eq!(
        outcomes,
        [
            "bypassed",
            "failed",
            "computed",
            "refused",
            "computed",
            "refreshed",
            "computed",
            "computed",
            "fenced off",
            "uncached"
        ]
    );
    assert!(notes.iter().all(|(level, _)| *level == Level::DEBUG));
}

#[test]
fn the_panic_of_a_callback_is_traced_once() {
    #[cached]
    fn double(x: u64) -> u64 {
        x * 2
    }

    let builder = Cache::builder().on_event(|_| panic!("as this test wants"));
    let cache = builder.build().unwrap();
    let notes = Notes::of(|| {
        cache.sync_scope(|| (double(4), double(4), double(4)));
    });
    let errors: Vec<_> = notes.iter().filter(|it| it.0 == Level::ERROR).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].1.contains("callback"), "{errors:?}");
}

#[test]
fn a_function_whose_cache_is_not_configured_is_traced_as_uncached() {
    #[cached(cache = "traces.nobody configures it", name = "traces.unnamed")]
    fn unnamed() -> u64 {
        1
    }

    let notes = Notes::of(|| assert_eq!(unnamed(), 1));
    let uncached = notes.iter().find(|it| it.0 == Level::DEBUG).unwrap();
    assert!(
        uncached.1.starts_with("uncached function=traces.unnamed"),
        "{uncached:?}"
    );
}
