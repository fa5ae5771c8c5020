//! Writing and removing a file so that nobody ever sees half of it, or loses what another process wrote.
//!
//! An entry is written under another name and takes its place by one rename. To be removed because of what
//! it *is* (ended, damaged, old), it is renamed away first, looked at again where no writer can replace it,
//! and put back, unless a newer one has come, when it is not the one that was meant. Until then readers miss
//! it. [`remove`] follows a file to that other name, so that what was deleted is never put back.

use std::fs::{self, DirBuilder};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use tempfile::TempPath;

use super::error::is_absent;
use super::layout::{Place, TEMP_LETTERS};
use crate::codec::Sealed;

/// How often a rename is tried again that Windows refuses while another process has the file open.
const RETRIES: u32 = 6;

/// Makes a folder and those above it, for this user alone. One that is there stays as it is.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes an entry beside its place. Dropping what is returned removes it.
pub(super) fn write(place: &Place, sealed: &Sealed, sync: bool) -> io::Result<TempPath> {
    match try_write(place, sealed, sync) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_folder(place.shard())?;
            try_write(place, sealed, sync)
        }
        written => written,
    }
}

fn try_write(place: &Place, sealed: &Sealed, sync: bool) -> io::Result<TempPath> {
    // Files that `tempfile` makes are readable by this user alone.
    let mut file = tempfile::Builder::new()
        .prefix(&place.temp_prefix())
        .rand_bytes(TEMP_LETTERS)
        .tempfile_in(place.shard())?;
    let mut buffer = BufWriter::new(file.as_file_mut());
    buffer.write_all(sealed.header.as_bytes())?;
    buffer.write_all(&sealed.payload)?;
    buffer.flush()?;
    drop(buffer);
    if sync {
        file.as_file().sync_all()?;
    }
    Ok(file.into_temp_path())
}

/// Gives a written entry its place, and what was there before is gone.
pub(super) fn put(mut written: TempPath, place: &Place) -> io::Result<()> {
    let path = place.path();
    let mut tried = 0;
    loop {
        let refused = match written.persist(&path) {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        let in_use = cfg!(windows) && refused.error.kind() == io::ErrorKind::PermissionDenied;
        if !in_use || tried == RETRIES {
            return Err(refused.error);
        }
        thread::sleep(Duration::from_millis(1 << tried));
        tried += 1;
        written = refused.path;
    }
}

/// Removes an entry, wherever it is.
pub(super) fn remove(place: &Place) -> io::Result<()> {
    let path = place.path();
    unlink(&path)?;
    // Whoever renamed it away before the first step puts it back before the third, or finds it gone.
    unlink(&place.gone())?;
    unlink(&path)
}

/// Removes a file, if there is one.
pub(super) fn unlink(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if is_absent(&error) || error.kind() == io::ErrorKind::IsADirectory => Ok(()),
        removed => removed,
    }
}

/// Removes the entry when `unwanted` says so of it where nobody can replace it any more, and says whether
/// it did.
pub(super) fn remove_if(place: &Place, unwanted: impl FnOnce(&Path) -> bool) -> io::Result<bool> {
    let gone = place.gone();
    match fs::rename(place.path(), &gone) {
        Err(error) if is_absent(&error) => return Ok(false),
        renamed => renamed?,
    }
    if unwanted(&gone) {
        return unlink(&gone).map(|()| true);
    }
    // A newer entry wins over this one, and where it cannot be put back, it is a miss.
    if let Err(error) = TempPath::try_from_path(gone)?.persist_noclobber(place.path()) {
        tracing::debug!(target: "cachestack", error = %error.error, "an entry was not put back");
    }
    Ok(false)
}

/// When the file at a path was last written or [touched](touch).
pub(super) fn used(path: &Path) -> io::Result<SystemTime> {
    fs::symlink_metadata(path)?.modified()
}

/// Has whatever file is there count as written just now.
pub(super) fn touch(path: &Path, now: SystemTime) -> io::Result<()> {
    let file = fs::OpenOptions::new().write(true).open(path)?;
    file.set_modified(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::codec::Codec;
    use crate::entry::Entry;
    use crate::key::{Key, Namespace};

    fn sealed(value: u32) -> (Key, Sealed) {
        let (clock, key) = (Clock::manual(), Key::new(&Namespace::default(), "k"));
        let entry = Entry::new(value, clock.now());
        let sealed = Codec::Postcard.seal(&key, &entry, &clock).unwrap();
        (key, sealed)
    }

    fn store(place: &Place, value: u32) -> Vec<u8> {
        let (_, sealed) = sealed(value);
        put(write(place, &sealed, true).unwrap(), place).unwrap();
        sealed.to_bytes()
    }

    fn names(place: &Place) -> usize {
        fs::read_dir(place.shard()).unwrap().count()
    }

    #[test]
    fn what_turns_out_to_be_wanted_is_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::of(folder.path(), &sealed(1).0);
        let bytes = store(&place, 1);
        assert!(!remove_if(&place, |_| false).unwrap());
        assert_eq!(fs::read(place.path()).unwrap(), bytes);
        assert!(remove_if(&place, |path| fs::read(path).unwrap() == bytes).unwrap());
        assert!(!remove_if(&place, |_| true).unwrap(), "nothing is there");
        assert_eq!(names(&place), 0);
    }

    #[test]
    fn what_was_written_meanwhile_wins_over_what_is_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::of(folder.path(), &sealed(1).0);
        store(&place, 1);
        let mut newer = Vec::new();
        let removed = remove_if(&place, |_| {
            newer = store(&place, 2);
            false
        });
        assert!(!removed.unwrap());
        assert_eq!(fs::read(place.path()).unwrap(), newer);
        assert_eq!(names(&place), 1);
    }

    #[test]
    fn what_is_deleted_meanwhile_is_not_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::of(folder.path(), &sealed(1).0);
        store(&place, 1);
        let removed = remove_if(&place, |_| {
            remove(&place).unwrap();
            false
        });
        assert!(!removed.unwrap());
        assert_eq!(names(&place), 0);
    }

    #[test]
    fn what_is_written_and_dropped_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (key, sealed) = sealed(1);
        let place = Place::of(folder.path(), &key);
        drop(write(&place, &sealed, false).unwrap());
        assert_eq!(names(&place), 0);
    }
}
