//! What is touched under the directory, and what never is.

use std::fs;
use std::time::Duration;

use cachestack_backends::{Backend, FileBackend, Key, Namespace};

use super::{
    age, block_on, eventually, exists, files_in, folder, get, key, open, place, plant_ended, set,
    shop, stats, temp_of, temps_in,
};

#[test]
#[cfg(unix)]
fn folders_and_files_are_for_this_user_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder();
    let directory = folder.path().join("deep/cache");
    let files = open(&directory);
    set(&files, &key("k"), 1);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = place(&directory, &key("k"));
    assert_eq!(mode(&file), 0o600);
    for above in file.ancestors().skip(1).take(4) {
        assert_eq!(mode(above), 0o700, "{}", above.display());
    }
}

#[test]
fn a_folder_that_disappears_is_made_again() {
    let folder = folder();
    let directory = folder.path().join("cache");
    let files = open(&directory);
    set(&files, &key("k"), 1);
    fs::remove_dir_all(&directory).unwrap();
    assert_eq!(get::<i32>(&files, &key("k")), None);
    block_on(files.delete(&key("k"))).unwrap();
    block_on(files.clear(&shop())).unwrap();
    assert_eq!(block_on(files.purge_expired(&shop())).unwrap(), 0);
    assert_eq!(stats(&files).entries, Some(0));
    set(&files, &key("k"), 2);
    assert_eq!(get(&files, &key("k")), Some(2));
}

#[test]
fn clearing_shop_leaves_shop2_and_shop_eu_and_everyone_elses_files() {
    let folder = folder();
    let files = open(folder.path());
    let spaces = ["shop", "shop2", "shop:eu", "Shop", ""].map(Namespace::new);
    for space in &spaces {
        for i in 0..20 {
            set(&files, &Key::new(space, i.to_string()), i);
        }
    }
    let entry = place(folder.path(), &key("0"));
    let half_written = temp_of(&entry);
    fs::write(&half_written, "half").unwrap();
    let foreign = [
        folder.path().join("notes.txt"),
        folder.path().join("shop/notes.entry"),
        entry.with_file_name("notes.txt"),
        entry.with_file_name(".tmp-notes"),
        entry.with_extension("bak"),
        folder.path().join("shop/zz/notes.txt"),
        folder.path().join("photos/00/cat.jpg"),
    ];
    for path in &foreign {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "mine").unwrap();
    }
    block_on(files.clear(&shop())).unwrap();
    assert!(!half_written.exists());
    for (index, space) in spaces.iter().enumerate() {
        for i in 0..20 {
            let found = get::<i32>(&files, &Key::new(space, i.to_string()));
            assert_eq!(found, (index > 0).then_some(i), "{space}");
        }
    }
    for path in &foreign {
        assert_eq!(fs::read_to_string(path).unwrap(), "mine");
    }
    assert_eq!(files_in(folder.path()).len(), 4 * 20 + foreign.len());
}

#[test]
fn purging_frees_the_ended_entries_of_one_namespace_and_says_how_many() {
    let folder = folder();
    let files = open(folder.path());
    let other = Key::new(&Namespace::new("shop2"), "k");
    for i in 0..7 {
        plant_ended(folder.path(), &key(&i.to_string()));
    }
    plant_ended(folder.path(), &other);
    set(&files, &key("live"), 1);
    let torn = place(folder.path(), &key("torn"));
    fs::create_dir_all(torn.parent().unwrap()).unwrap();
    fs::write(&torn, "").unwrap();
    let notes = torn.with_file_name("notes.txt");
    fs::write(&notes, "mine").unwrap();

    assert_eq!(block_on(files.purge_expired(&shop())).unwrap(), 7);
    assert_eq!(block_on(files.purge_expired(&shop())).unwrap(), 0);
    assert!(exists(&files, &key("live")));
    assert!(!torn.exists() && notes.exists());
    assert!(place(folder.path(), &other).exists());
    assert_eq!(stats(&files).expirations, 7);
}

#[test]
fn what_a_crash_left_half_written_is_swept_when_it_is_old() {
    let folder = folder();
    let spaces = [shop(), Namespace::new("other")];
    let mut halves = Vec::new();
    for space in &spaces {
        let entry = place(folder.path(), &Key::new(space, "k"));
        fs::create_dir_all(entry.parent().unwrap()).unwrap();
        let old = temp_of(&entry);
        fs::write(&old, "half").unwrap();
        age(&old, Duration::from_secs(601));
        let young = old.with_file_name(
            old.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .replace("aB3", "cD4"),
        );
        fs::write(&young, "half").unwrap();
        let notes = entry.with_file_name(".tmp-notes");
        fs::write(&notes, "mine").unwrap();
        age(&notes, Duration::from_secs(601));
        halves.push((old, young, notes));
    }
    let files = open(folder.path());
    eventually("both are swept", || {
        halves.iter().all(|(old, ..)| !old.exists())
    });
    for (old, young, notes) in &halves {
        assert!(young.exists() && notes.exists());
        fs::write(old, "half").unwrap();
        age(old, Duration::from_secs(601));
    }
    // A purge sweeps its own namespace.
    block_on(files.purge_expired(&shop())).unwrap();
    assert!(!halves[0].0.exists() && halves[1].0.exists());
    assert_eq!(temps_in(folder.path()).len(), 3 + 2);
}

#[test]
fn writes_purge_this_namespace_and_those_inside_it_every_so_often() {
    let folder = folder();
    let files = FileBackend::builder(folder.path())
        .namespace("shop")
        .auto_purge_interval(Duration::from_millis(1))
        .build()
        .unwrap();
    let stranger = Key::new(&Namespace::new("shop2"), "k");
    plant_ended(folder.path(), &key("own"));
    plant_ended(folder.path(), &stranger);
    let inner = Key::new(&Namespace::new("shop:eu"), "k");
    plant_ended(folder.path(), &inner);
    let renamed = folder.path().join("shop%3Aeu");
    fs::rename(folder.path().join("shop:eu"), &renamed).unwrap();
    let bare = Key::new(&Namespace::default(), "live");
    eventually("the ended entries are freed", || {
        set(&files, &bare, 1);
        !place(folder.path(), &key("own")).exists() && files_in(&renamed).is_empty()
    });
    assert!(place(folder.path(), &stranger).exists());
    assert_eq!(get(&files, &bare), Some(1));
    block_on(files.close()).unwrap();
    assert_eq!(stats(&files).expirations, 2);
}

#[test]
#[cfg(feature = "json")]
fn a_json_entry_is_a_text_that_people_can_read() {
    let folder = folder();
    let files = FileBackend::builder(folder.path())
        .serializer(cachestack_backends::Codec::Json)
        .build()
        .unwrap();
    let value = std::collections::BTreeMap::from([("name".to_owned(), "Ada".to_owned())]);
    set(&files, &key("user:42"), value.clone());
    let text = fs::read_to_string(place(folder.path(), &key("user:42"))).unwrap();
    let (line, payload) = text.split_once('\n').unwrap();
    assert!(line.starts_with("cachestack/1 value json 0 2"), "{line}");
    assert!(line.contains(" shop/user:42 "), "{line}");
    assert_eq!(payload, r#"{"name":"Ada"}"#);
    assert_eq!(get(&files, &key("user:42")), Some(value));
}
