//! Several processes on one table. The others are this very test program, told by the environment what to do.

use std::env;
use std::process::{Child, Command, Stdio};

use cachestack_tests::within;

use super::support::{LIMIT, Raw, fresh, on, quoted, server};
use super::tables::works_on_its_own;

const DSN: &str = "CACHESTACK_POSTGRES_DSN";
const TABLE: &str = "CACHESTACK_POSTGRES_TABLE";

fn start(table: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["processes::another_process", "--exact"])
        .env(DSN, server().dsn())
        .env(TABLE, table)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Does nothing unless another test asks for it. Its end of input is the signal to begin.
#[test]
fn another_process() {
    let (Ok(dsn), Ok(table)) = (env::var(DSN), env::var(TABLE)) else {
        return;
    };
    let backends: Vec<_> = (0..3).map(|_| on(&dsn, &table).build().unwrap()).collect();
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
    let threads = backends
        .into_iter()
        .map(|backend| std::thread::spawn(move || works_on_its_own(&backend)));
    for thread in threads.collect::<Vec<_>>() {
        thread.join().unwrap();
    }
}

#[test]
fn processes_may_make_the_table_at_once() {
    within(LIMIT, || {
        for _ in 0..3 {
            let table = fresh("processes");
            let mut others = [start(&table), start(&table)];
            for other in &mut others {
                drop(other.stdin.take());
            }
            works_on_its_own(&on(&server().dsn(), &table).build().unwrap());
            for mut other in others {
                assert!(other.wait().unwrap().success());
            }
            let count = format!("SELECT count(*) FROM {}", quoted(&table));
            // `fresh` may give two processes one key, but not two stores of one process.
            assert!(Raw::new().count(&count) >= 3);
        }
    });
}
