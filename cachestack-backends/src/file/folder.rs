//! What is done with all entries of a namespace, or of the whole directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::disk::{remove, unlink};
use super::error::{first_error, is_absent, refused};
use super::layout::{Ours, Place, folder_of, is_folder_of_ours, is_within, shards};
use super::read;
use super::store::Store;
use crate::codec::Rejected;
use crate::error::Result;
use crate::key::Namespace;

/// A temporary file that was written longer ago belongs to nobody any more.
const STALE: Duration = Duration::from_secs(600);

/// Says that a long task is not wanted any more.
pub(super) type Stop<'a> = &'a dyn Fn() -> bool;

/// What is there.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Count {
    pub(super) entries: u64,
    pub(super) bytes: u64,
}

impl Store {
    /// Deletes what is ours in one namespace.
    pub(super) fn clear(&self, namespace: &Namespace, stop: Stop<'_>) -> Result<()> {
        let folder = self.folder(namespace);
        // An entry that is renamed while its folder is listed can escape the first listing.
        for _ in 0..2 {
            each([folder.clone()], stop, |file| match file {
                Ours::Entry(place) if !read::is_ours(&place.path())? => Ok(()),
                Ours::Entry(place) => remove(&place),
                Ours::Temp(path) => unlink(&path),
            })?;
        }
        Ok(())
    }

    /// Frees the ended entries of one namespace, and says how many they were.
    pub(super) fn purge(&self, namespace: &Namespace, stop: Stop<'_>) -> Result<u64> {
        self.purge_folders([self.folder(namespace)], stop)
    }

    /// The same for this backend's own namespace and those inside it.
    pub(super) fn purge_own(&self, stop: Stop<'_>) -> Result<u64> {
        let own = self.folders(|folder| is_within(folder, &self.namespace))?;
        self.purge_folders(own, stop)
    }

    fn purge_folders(
        &self,
        folders: impl IntoIterator<Item = PathBuf>,
        stop: Stop<'_>,
    ) -> Result<u64> {
        let now = self.clock.wall();
        let mut freed = 0;
        each(folders, stop, |file| {
            match file {
                Ours::Entry(place) => freed += u64::from(self.free_if_useless(&place, now)?),
                Ours::Temp(path) => sweep(&path)?,
            }
            Ok(())
        })?;
        self.report.counters.expirations.add(freed);
        Ok(freed)
    }

    /// Frees an entry that has ended or is torn, and says whether one had ended.
    fn free_if_useless(&self, place: &Place, now: SystemTime) -> io::Result<bool> {
        let state = |path: &Path| {
            read::header(path).map(|found| match found {
                Some(Ok(header)) if !header.is_live(now) => Some(Rejected::Expired),
                Some(Ok(_)) if self.is_unused_number(place, path, now) => Some(Rejected::Expired),
                Some(Err(Rejected::Corrupt)) => Some(Rejected::Corrupt),
                _ => None,
            })
        };
        let Some(useless) = state(&place.path())? else {
            return Ok(false);
        };
        let freed = self.free(
            place,
            |path| matches!(state(path), Ok(Some(it)) if it == useless),
        );
        Ok(freed && useless == Rejected::Expired)
    }

    /// Removes what crashes left of half-written entries, in all namespaces.
    pub(super) fn sweep(&self, stop: Stop<'_>) -> Result<()> {
        each(self.folders(|_| true)?, stop, |file| match file {
            Ours::Entry(_) => Ok(()),
            Ours::Temp(path) => sweep(&path),
        })
    }

    /// Counts the entries of all namespaces.
    pub(super) fn count(&self, stop: Stop<'_>) -> Result<Count> {
        let mut count = Count::default();
        self.each_entry(stop, |_, bytes, _| {
            count.entries += 1;
            count.bytes += bytes;
        })?;
        Ok(count)
    }

    /// Shows the entries of all namespaces, each with its length and the time it was written.
    pub(super) fn each_entry(
        &self,
        stop: Stop<'_>,
        mut see: impl FnMut(Place, u64, SystemTime),
    ) -> Result<()> {
        each(self.folders(|_| true)?, stop, |file| {
            if let Ours::Entry(place) = file {
                let metadata = fs::symlink_metadata(place.path())?;
                see(place, metadata.len(), metadata.modified()?);
            }
            Ok(())
        })
    }

    fn folder(&self, namespace: &Namespace) -> PathBuf {
        self.directory
            .join(folder_of(&self.namespace.join(namespace)))
    }

    /// The folders under the directory that can be those of such namespaces.
    fn folders(&self, which: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
        let listed = names(&self.directory, |entry| {
            let name = entry.file_name();
            let name = name.to_str()?;
            (is_folder_of_ours(name) && which(name)).then(|| self.directory.join(name))
        });
        listed.map_err(|error| refused(&self.directory, error))
    }
}

/// Does something with each file of ours in those namespaces' folders: with all it can, and then answers
/// with the first error.
fn each(
    folders: impl IntoIterator<Item = PathBuf>,
    stop: Stop<'_>,
    mut act: impl FnMut(Ours) -> io::Result<()>,
) -> Result<()> {
    let mut outcome = Ok(());
    for folder in folders {
        for shard in shards(&folder) {
            if stop() {
                return outcome;
            }
            let mut act_on = |file| match act(file) {
                // Another process was faster.
                Err(error) if is_absent(&error) => Ok(()),
                done => done,
            };
            let done =
                ours_in(&shard).and_then(|files| first_error(files.into_iter().map(&mut act_on)));
            outcome = outcome.and(done.map_err(|error| refused(&shard, error)));
        }
    }
    outcome
}

/// The files of ours in a shard folder.
fn ours_in(shard: &Arc<Path>) -> io::Result<Vec<Ours>> {
    names(shard, |entry| {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        is_file.then(|| Ours::recognise(shard, &entry.file_name()))?
    })
}

/// What `pick` makes of the names in a folder; nothing when there is no such folder.
fn names<T>(folder: &Path, pick: impl Fn(&fs::DirEntry) -> Option<T>) -> io::Result<Vec<T>> {
    match fs::read_dir(folder) {
        Err(error) if is_absent(&error) => Ok(Vec::new()),
        Err(error) => Err(error),
        Ok(listing) => listing
            .filter_map(|entry| entry.map(|entry| pick(&entry)).transpose())
            .collect(),
    }
}

/// Removes a temporary file that nobody can be writing any more.
fn sweep(path: &Path) -> io::Result<()> {
    let written = fs::symlink_metadata(path)?.modified()?;
    // A time to come is a clock that was set back: it will be old one day.
    let age = SystemTime::now().duration_since(written);
    match age.is_ok_and(|age| age > STALE) {
        true => unlink(path),
        false => Ok(()),
    }
}
