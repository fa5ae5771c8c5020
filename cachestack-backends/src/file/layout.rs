//! The names of folders and files, and which of them are ours.

use std::ffi::OsStr;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::key::{Key, Namespace};

const ENTRY: &str = ".entry";
const TEMP: &str = ".tmp-";
const GONE: &str = "gone";
/// How many letters `tempfile` puts behind the prefix; never as many as [`GONE`] has.
pub(super) const TEMP_LETTERS: usize = 6;

/// The folder of the empty namespace: `n` is no hex digit, so no other has this name.
const NONE: &str = "%none";
/// What the folder of a reserved namespace begins with: `-` is no hex digit either.
const RESERVED: &str = "%-";
/// What the parts of a namespace's name are joined with, escaped.
const JOINT: &str = "%3A";
/// Longer names are cut to [`HEAD`] bytes and end in a digest.
const LONGEST: usize = 100;
const HEAD: usize = 60;

/// Where one entry lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    shard: Arc<Path>,
    name: Name,
}

/// The part of a key's digest that names its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Name([u8; 31]);

impl Place {
    pub(super) fn of(directory: &Path, key: &Key) -> Self {
        let [first, rest @ ..] = key.stable_digest();
        let mut shard = directory.join(folder_of(key.namespace()));
        shard.push(format!("{first:02x}"));
        Self {
            shard: shard.into(),
            name: Name(rest),
        }
    }

    pub(super) fn shard(&self) -> &Path {
        &self.shard
    }

    pub(super) fn path(&self) -> PathBuf {
        self.shard.join(format!("{}{ENTRY}", self.name))
    }

    /// Where the entry is while someone makes sure that it may be removed.
    pub(super) fn gone(&self) -> PathBuf {
        self.shard.join(format!("{TEMP}{}-{GONE}", self.name))
    }

    /// Whether it is in a namespace of numbers of generations.
    pub(super) fn is_of_numbers(&self) -> bool {
        let folder = self.shard.parent().and_then(Path::file_name);
        folder.is_some_and(|name| name.to_string_lossy().starts_with(RESERVED))
    }

    /// What the names of its temporary files begin with.
    pub(super) fn temp_prefix(&self) -> String {
        format!("{TEMP}{}-", self.name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 62];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
            pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

impl Name {
    /// The only way to write a name, read back.
    fn parse(digits: &str) -> Option<Self> {
        let digits = digits.as_bytes();
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let mut name = [0; 31];
        if digits.len() != 2 * name.len() {
            return None;
        }
        for (byte, pair) in name.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = value(pair[0])? << 4 | value(pair[1])?;
        }
        Some(Self(name))
    }
}

/// A file with a name of ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ours {
    Entry(Place),
    /// Being written or removed, or left so by a crash.
    Temp(PathBuf),
}

impl Ours {
    /// What a file of that name in that shard folder is to us.
    pub(super) fn recognise(shard: &Arc<Path>, file_name: &OsStr) -> Option<Self> {
        let name = file_name.to_str()?;
        if let Some(digits) = name.strip_suffix(ENTRY) {
            return Some(Self::Entry(Place {
                shard: Arc::clone(shard),
                name: Name::parse(digits)?,
            }));
        }
        let (digits, letters) = name.strip_prefix(TEMP)?.split_once('-')?;
        Name::parse(digits)?;
        let random = letters.len() == TEMP_LETTERS
            && letters.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (random || letters == GONE).then(|| Self::Temp(shard.join(name)))
    }
}

/// The shard folders of a namespace's folder, whether they are there or not.
pub(super) fn shards(folder: &Path) -> impl Iterator<Item = Arc<Path>> {
    (0..=u8::MAX).map(|first| folder.join(format!("{first:02x}")).into())
}

/// The folder of a namespace: its name, readable, and another for every other namespace even where the
/// file system does not tell `A` from `a`.
pub(super) fn folder_of(namespace: &Namespace) -> String {
    let folder = plain_folder_of(namespace.as_str());
    match namespace.is_reserved() {
        true => format!("{RESERVED}{folder}"),
        false => folder,
    }
}

fn plain_folder_of(name: &str) -> String {
    if name.is_empty() {
        return NONE.into();
    }
    let mut escaped = escape(name);
    if is_device(&escaped) {
        let first = escaped.remove(0);
        escaped.insert_str(0, &format!("%{:02X}", u32::from(first)));
    }
    if escaped.len() <= LONGEST {
        return escaped;
    }
    // A cut escape is no matter: the digest tells the names apart.
    escaped.truncate(HEAD);
    format!("{escaped}%-{}", blake3::hash(name.as_bytes()).to_hex())
}

/// Whether a folder of that name can be a namespace's.
pub(super) fn is_folder_of_ours(folder: &str) -> bool {
    let ours =
        |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'A'..=b'F' | b'_' | b'-' | b'%');
    !folder.is_empty() && folder.bytes().all(ours)
}

/// Whether a folder is that of `outer` or of a namespace inside it. One whose name had to be cut before
/// the outer's ended is not recognised.
pub(super) fn is_within(folder: &str, outer: &Namespace) -> bool {
    let folder = folder.strip_prefix(RESERVED).unwrap_or(folder);
    outer.is_empty()
        || folder == folder_of(outer)
        || folder
            .strip_prefix(&escape(outer.as_str()))
            .is_some_and(|rest| rest.starts_with(JOINT))
}

fn escape(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => escaped.push(char::from(byte)),
            _ => {
                // Writing to a string does not fail.
                let _ = write!(escaped, "%{byte:02X}");
            }
        }
    }
    escaped
}

/// What Windows takes for a device, whatever folder it is in.
fn is_device(name: &str) -> bool {
    match name.len() {
        3 => matches!(name, "con" | "prn" | "aux" | "nul"),
        4 => {
            (name.starts_with("com") || name.starts_with("lpt"))
                && name.ends_with(|c: char| c.is_ascii_digit())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn namespaces_that_differ_have_folders_that_differ_without_regard_to_case() {
        let long = "x".repeat(300);
        let names = [
            "",
            "none",
            "%none",
            "shop",
            "Shop",
            "SHOP",
            "shop2",
            "shop:eu",
            "shop%3Aeu",
            "shop%3aeu",
            ".",
            "..",
            "../shop",
            "shop/eu",
            "shop\\eu",
            "a b",
            "a\0b",
            "con",
            "con:eu",
            "Con",
            "com1",
            "ä",
            "日本",
            &long,
            &format!("{long}a"),
            &format!("{long}A"),
        ];
        let mut folders = HashSet::new();
        for name in names {
            let folder = folder_of(&Namespace::new(name));
            assert!(folder.len() <= 130, "{folder}");
            assert!(is_folder_of_ours(&folder), "{folder}");
            assert!(folders.insert(folder.to_lowercase()), "{folder}");
        }
        assert_eq!(folder_of(&Namespace::new("my-shop_2")), "my-shop_2");
        assert_eq!(folder_of(&Namespace::new("..")), "%2E%2E");
        assert_eq!(folder_of(&Namespace::new("con")), "%63on");
    }

    #[test]
    fn a_reserved_namespace_has_a_folder_of_its_own_within_the_same_outer_one() {
        let shop = Namespace::new("shop");
        let folder = folder_of(&shop.reserved());
        assert_eq!(folder, "%-shop");
        assert!(is_folder_of_ours(&folder));
        for name in ["shop", "%-shop", "-shop", "%g:shop"] {
            assert_ne!(folder_of(&Namespace::new(name)), folder);
        }
        assert!(is_within(&folder, &shop));
        assert!(!is_within(&folder, &Namespace::new("sho")));
        let inner = Namespace::new("shop:eu").reserved();
        assert!(is_within(&folder_of(&inner), &shop));
    }

    #[test]
    fn only_the_namespace_itself_and_those_inside_it_are_within_it() {
        let within = |inner: &str, outer: &str| {
            is_within(&folder_of(&Namespace::new(inner)), &Namespace::new(outer))
        };
        for (inner, outer) in [
            ("shop", ""),
            ("", ""),
            ("shop", "shop"),
            ("shop:eu", "shop"),
            ("con:a", "con"),
        ] {
            assert!(within(inner, outer), "{inner} in {outer}");
        }
        for (inner, outer) in [
            ("", "shop"),
            ("shop2", "shop"),
            ("shop", "shop:eu"),
            ("Shop:eu", "shop"),
        ] {
            assert!(!within(inner, outer), "{inner} in {outer}");
        }
    }

    #[test]
    fn files_of_ours_are_recognised_and_no_others() {
        let key = Key::new(&Namespace::new("shop"), "k");
        let place = Place::of(Path::new("/cache"), &key);
        let shard: Arc<Path> = place.shard().into();
        let file_name = |path: &Path| path.file_name().unwrap().to_os_string();
        let entry = file_name(&place.path());
        assert_eq!(
            Ours::recognise(&shard, &entry),
            Some(Ours::Entry(place.clone()))
        );
        let gone = Ours::recognise(&shard, &file_name(&place.gone()));
        assert_eq!(gone, Some(Ours::Temp(place.gone())));
        let temp = format!("{}aB3xYz", place.temp_prefix());
        assert_eq!(
            Ours::recognise(&shard, temp.as_ref()),
            Some(Ours::Temp(shard.join(&temp)))
        );

        let entry = entry.into_string().unwrap();
        for foreign in [
            "",
            ".entry",
            "notes.txt",
            ".tmp-",
            ".tmp-x",
            &entry.to_uppercase(),
            &entry[1..],
            &format!("0{entry}"),
            &format!("{entry}~"),
            &format!("{}aB3x", place.temp_prefix()),
            &format!("{}../../x", place.temp_prefix()),
        ] {
            assert_eq!(Ours::recognise(&shard, foreign.as_ref()), None, "{foreign}");
        }
    }
}
