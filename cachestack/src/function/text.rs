//! The key of a call: what the thread knows the entry by, and the text, which is seldom needed.

use std::fmt;

use cachestack_backends::{Key, KeyDigest, KeyError, KeyText, KeyWriter, Namespace};

use super::site::Instance;
use crate::front::{LONG, Place, SHORT, Spot};

/// The key of a call of a function.
#[derive(Clone, Copy)]
pub struct CallKey<'a>(From<'a>);

/// Where the text comes from.
#[derive(Clone, Copy)]
enum From<'a> {
    /// It writes a template, whose text others may write too.
    Shared(&'a dyn Fn(&mut KeyWriter)),
    /// It writes the arguments.
    Own(&'a dyn Fn(&mut KeyWriter)),
}

impl<'a> CallKey<'a> {
    /// A key that is written by hand: whoever writes the same shares the entry.
    #[inline]
    pub fn shared(write: &'a dyn Fn(&mut KeyWriter)) -> Self {
        Self(From::Shared(write))
    }

    /// The key of these arguments, behind what the function's keys begin with.
    #[inline]
    pub fn own(write: &'a dyn Fn(&mut KeyWriter)) -> Self {
        Self(From::Own(write))
    }

    /// What no other key of the function has, where that is short.
    pub(super) fn in_short(&self) -> Option<[u64; SHORT]> {
        let (From::Shared(write) | From::Own(write)) = self.0;
        in_short(write)
    }

    /// The same with more room, for what is not as short.
    pub(super) fn in_long(&self) -> Option<[u64; LONG]> {
        let (From::Shared(write) | From::Own(write)) = self.0;
        let mut writer = KeyWriter::in_long();
        write(&mut writer);
        writer.in_more_numbers().or_else(|| match self.0 {
            From::Own(_) => None,
            // What is not plain is displayed.
            From::Shared(write) => template(write).in_more_numbers(),
        })
    }

    /// What a thread knows the entry by, where that is not its digest.
    fn place(&self, instance: &'static Instance) -> Option<Place> {
        let short = self.in_short();
        let short = short.map(|words| Place::Short(Spot::of(instance.number, words)));
        short.or_else(|| Some(Place::Long(Spot::of(instance.number, self.in_long()?))))
    }

    /// Whether others may have it too.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.0, From::Shared(_))
    }

    /// What the text is written by.
    #[inline]
    pub(super) fn writer(&self) -> KeyWriter {
        KeyWriter::of_call(self.is_shared())
    }

    /// Writes the text, which stays where it was written.
    #[inline]
    pub(super) fn write<'w>(
        &self,
        instance: &'static Instance,
        writer: &'w mut KeyWriter,
    ) -> Result<Text<'w>, KeyError>
    where
        'a: 'w,
    {
        let (From::Shared(write) | From::Own(write)) = self.0;
        write(writer);
        let text = writer.end()?;
        Ok(match self.0 {
            From::Own(_) => Text::Own(*self, instance, text),
            From::Shared(_) => Text::Shared(*self, instance, text),
        })
    }

    /// The text.
    pub(super) fn text(&self, instance: &'static Instance) -> Result<String, KeyError> {
        let mut writer = self.writer();
        self.write(instance, &mut writer).map(|text| text.to_text())
    }

    /// The same where it can be written.
    pub(super) fn to_text(self, instance: &'static Instance) -> String {
        self.text(instance).unwrap_or_default()
    }
}

/// The text of a template.
fn template(write: &dyn Fn(&mut KeyWriter)) -> KeyWriter {
    let mut writer = KeyWriter::template();
    write(&mut writer);
    writer
}

/// The arguments that are written in short, where they are.
#[inline(always)]
pub fn in_short(write: impl Fn(&mut KeyWriter)) -> Option<[u64; SHORT]> {
    let mut writer = KeyWriter::in_short();
    write(&mut writer);
    writer.in_numbers()
}

impl fmt::Debug for CallKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallKey")
            .field("is_shared", &self.is_shared())
            .finish_non_exhaustive()
    }
}

/// The text of a key.
pub(super) enum Text<'a> {
    /// What follows behind the function's identity.
    Own(CallKey<'a>, &'static Instance, &'a KeyText),
    /// The whole of it, by a function that others may share it with.
    Shared(CallKey<'a>, &'static Instance, &'a KeyText),
    /// The whole of it, by nobody.
    Whole(&'a str),
}

impl Text<'_> {
    /// What a thread knows the entry by.
    pub(super) fn place(&self) -> Option<Place> {
        match self {
            Self::Own(key, instance, _) | Self::Shared(key, instance, _) => key.place(instance),
            Self::Whole(_) => None,
        }
    }

    /// The same where the text does not serve.
    pub(super) fn place_by(&self, digest: KeyDigest) -> Place {
        let instance = match self {
            Self::Own(_, instance, _) | Self::Shared(_, instance, _) => instance.number,
            Self::Whole(_) => 0,
        };
        Place::of_digest(instance, digest)
    }

    pub(super) fn digest(&self, namespace: &Namespace) -> KeyDigest {
        match self {
            Self::Own(_, instance, text) => instance.head(namespace).digest(text.as_bytes()),
            Self::Shared(_, _, text) => namespace.digest(text.as_bytes()),
            Self::Whole(text) => namespace.digest(text.as_bytes()),
        }
    }

    pub(super) fn key(&self, namespace: &Namespace, digest: KeyDigest) -> Key {
        let (head, rest) = match self {
            Self::Shared(_, _, text) => ("", Some(*text)),
            Self::Own(_, instance, text) => (&*instance.text, Some(*text)),
            Self::Whole(text) => (*text, None),
        };
        Key::with_digest(namespace, (head, rest), digest)
    }

    pub(super) fn to_text(&self) -> String {
        match self {
            Self::Own(_, instance, text) => [&*instance.text, text.as_str()].concat(),
            Self::Shared(_, _, text) => text.as_str().to_owned(),
            Self::Whole(text) => (*text).to_owned(),
        }
    }
}
