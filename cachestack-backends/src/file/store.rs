//! What the operations do, one entry at a time. Everything here waits for the disk.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::config::{FileBuilder, FileConfig};
use super::disk;
use super::error::{no_directory, refused, too_large};
use super::job::Ticket;
use super::layout::Place;
use super::read::{self, Found, Header};
use super::room::Room;
use super::upkeep::Upkeep;
use crate::backend::{BackendInfo, Lookup, Report};
use crate::clock::Clock;
use crate::codec::{Rejected, Sealed};
use crate::entry::{Entry, ValueType};
use crate::error::{Operation, Result};
use crate::fence::Fence;
use crate::generation;
use crate::key::{Key, Namespace};

/// How often a file is written again that went before it had its place.
const RETRIES: u32 = 8;

pub(super) struct Store {
    /// Absolute, whatever the process's own folder becomes.
    pub(super) directory: PathBuf,
    pub(super) config: FileConfig,
    pub(super) namespace: Namespace,
    pub(super) clock: Clock,
    pub(super) report: Report,
    pub(super) upkeep: Upkeep,
    pub(super) fence: Fence,
    room: Option<Room>,
}

impl Store {
    /// Makes the directory, unless it is there.
    pub(super) fn open(builder: FileBuilder) -> Result<Self> {
        let FileBuilder { config, clock } = builder;
        let clock = clock.unwrap_or_else(Clock::open);
        let directory = std::path::absolute(&config.directory)
            .and_then(|directory| disk::make_folder(&directory).map(|()| directory))
            .map_err(|error| no_directory(&config.directory, error))?;
        Ok(Self {
            directory,
            namespace: Namespace::new(&config.namespace),
            report: Report::new("file", config.silent),
            upkeep: Upkeep::new(config.auto_purge_interval, &clock),
            fence: Fence::new(),
            room: config.max_bytes.map(Room::new),
            clock,
            config,
        })
    }

    pub(super) fn info(&self) -> BackendInfo {
        BackendInfo::new("file")
            .shared(true)
            .detached(true)
            .silent(self.config.silent)
            .ttl(self.config.ttl)
            .max_ttl(Some(self.config.max_ttl))
    }

    /// The key with this backend's namespace in front, and where its entry is.
    fn locate(&self, key: &Key) -> (Key, Place) {
        let key = key.within(&self.namespace);
        let place = Place::of(&self.directory, &key);
        (key, place)
    }

    pub(super) fn find(&self, key: &Key, value_type: &'static ValueType) -> Result<Lookup> {
        let (key, place) = self.locate(key);
        let path = place.path();
        let look = |path: &Path| self.look(path, &key, value_type);
        let rejected = match look(&path).map_err(|error| refused(&path, error))? {
            None => return Ok(Lookup::Miss),
            Some(Ok(found)) => {
                if value_type.is_number() && found.is_hit() {
                    self.prolong(&path);
                }
                return Ok(found);
            }
            Some(Err(rejected)) => rejected,
        };
        let counters = &self.report.counters;
        if !matches!(rejected, Rejected::Expired | Rejected::Incompatible) {
            counters.corrupt.add(1);
        }
        if matches!(rejected, Rejected::Expired | Rejected::Corrupt) {
            let still = |path: &Path| matches!(look(path), Ok(Some(Err(now))) if now == rejected);
            if self.free(&place, still) && rejected == Rejected::Expired {
                counters.expirations.add(1);
            }
        }
        Ok(Lookup::Miss)
    }

    /// Keeps the number of a generation that is in use from being purged.
    fn prolong(&self, path: &Path) {
        let now = self.clock.wall();
        let life = generation::life(self.config.max_ttl);
        if disk::used(path).is_ok_and(|used| is_past(used, life / 2, now)) {
            if let Err(error) = disk::touch(path, now) {
                tracing::debug!(target: "cachestack", %error, "a number that is in use was not prolonged");
            }
        }
    }

    /// Whether it is the number of a generation that nobody has used for so long that nothing depends on it.
    pub(super) fn is_unused_number(&self, place: &Place, path: &Path, now: SystemTime) -> bool {
        let life = || generation::life(self.config.max_ttl);
        place.is_of_numbers() && disk::used(path).is_ok_and(|used| is_past(used, life(), now))
    }

    fn look(
        &self,
        path: &Path,
        key: &Key,
        value_type: &'static ValueType,
    ) -> io::Result<Found<Lookup>> {
        let codec = &self.config.serializer;
        let found = read::entry(path)?;
        Ok(found.map(|bytes| codec.open(key, &bytes?, value_type, &self.clock)))
    }

    /// Removes an entry that is of no use to anyone, as well as can be, and says whether it did.
    pub(super) fn free(&self, place: &Place, unwanted: impl FnOnce(&Path) -> bool) -> bool {
        disk::remove_if(place, unwanted).unwrap_or_else(|error| {
            self.note(Operation::Purge, refused(&place.path(), error));
            false
        })
    }

    /// Counts and traces a failure that no caller hears of.
    pub(super) fn note(&self, operation: Operation, error: crate::Error) {
        // Silent or not, there is nobody to return it to.
        let _ = self
            .report
            .outcome(operation, None, Err::<(), _>(error), || ());
    }

    pub(super) fn put(&self, ticket: &Ticket, key: &Key, entry: Entry) -> Result<()> {
        let (key, place) = self.locate(key);
        let now = self.clock.now();
        let entry = self.info().bounded(entry, now);
        if entry.time_left(now) == Some(Duration::ZERO) {
            self.take_away(ticket, &place)?;
        } else {
            let sealed = self.config.serializer.seal(&key, &entry, &self.clock)?;
            self.store(ticket, &place, &sealed)?;
        }
        self.report.counters.writes.add(1);
        Ok(())
    }

    fn store(&self, ticket: &Ticket, place: &Place, sealed: &Sealed) -> Result<()> {
        let bytes = sealed.len() as u64;
        let before = match &self.room {
            Some(room) if bytes > room.most() => {
                self.take_away(ticket, place)?;
                return Err(too_large(sealed.len(), room.most()));
            }
            Some(_) => length_of(place),
            None => 0,
        };
        let write = || {
            let written = disk::write(place, sealed, self.config.sync)?;
            ticket.commit(|| disk::put(written, place))
        };
        let mut tried = 0;
        let stored = loop {
            match write() {
                // Someone cleared the namespace, and this file with it, before it had its place.
                Err(error) if error.kind() == io::ErrorKind::NotFound && tried < RETRIES => {
                    tried += 1
                }
                stored => break stored,
            }
        };
        stored.map_err(|error| refused(&place.path(), error))?;
        match &self.room {
            Some(room) if room.changed(before, bytes) => room.make(self, place),
            _ => {}
        }
        Ok(())
    }

    pub(super) fn remove(&self, ticket: &Ticket, key: &Key) -> Result<()> {
        let (_, place) = self.locate(key);
        self.take_away(ticket, &place)
    }

    fn take_away(&self, ticket: &Ticket, place: &Place) -> Result<()> {
        let before = self.room.as_ref().map(|_| length_of(place));
        ticket
            .commit(|| disk::remove(place))
            .map_err(|error| refused(&place.path(), error))?;
        if let (Some(room), Some(before)) = (&self.room, before) {
            room.changed(before, 0);
        }
        Ok(())
    }

    /// What the first line of a key's entry says, when it is there and has not ended at `now`.
    pub(super) fn header(&self, key: &Key, now: SystemTime) -> Result<Option<Header>> {
        let (key, place) = self.locate(key);
        let path = place.path();
        let found = read::header(&path).map_err(|error| refused(&path, error))?;
        Ok(found
            .and_then(Result::ok)
            .filter(|header| header.is_of(&key) && header.is_live(now)))
    }
}

/// Whether so much time has passed since then.
fn is_past(since: SystemTime, time: Duration, now: SystemTime) -> bool {
    now.duration_since(since).is_ok_and(|passed| passed >= time)
}

/// How many bytes an entry takes now; 0 when it is not there or cannot be seen.
fn length_of(place: &Place) -> u64 {
    std::fs::symlink_metadata(place.path()).map_or(0, |metadata| metadata.len())
}
