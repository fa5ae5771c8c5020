//! Hears everything that is traced and logged in this process.

use std::fmt::{self, Write};
use std::thread;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Told each event, span and line, with all that is in it, on the thread that says it.
type Ear = fn(&str);

struct Listener(Ear);

/// From now on everything in this process is heard.
pub(super) fn listen(ear: Ear) {
    tracing::subscriber::set_global_default(Listener(ear)).unwrap();
    log::set_logger(Box::leak(Box::new(Listener(ear)))).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
}

/// The name of this thread.
pub(super) fn thread_name() -> String {
    thread::current().name().unwrap_or_default().to_owned()
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        write!(self.0, " {field}={value}={value:?}").unwrap();
    }
}

impl Listener {
    fn hear(&self, metadata: &Metadata<'_>, fields: impl FnOnce(&mut Text)) {
        let mut text = Text(format!("{} {}", metadata.target(), metadata.name()));
        fields(&mut text);
        (self.0)(&text.0);
    }
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.hear(span.metadata(), |text| span.record(text));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut text = Text(String::from("record"));
        values.record(&mut text);
        (self.0)(&text.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.hear(event.metadata(), |text| event.record(text));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl log::Log for Listener {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        (self.0)(&format!("{} {}", record.target(), record.args()));
    }

    fn flush(&self) {}
}
