//! The parent of a server: a small shell that ends it when the test process is gone, however that went.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::account::Account;

/// It takes orders by its standard input, whose other end only the test process holds. The end of it, be it a drop, an
/// exit with the server in a static, or a kill of the test process, is the order to end the server and to remove its
/// folder. SIGKILL also ends what is stopped. The server is not waited for before it is reaped by order, so that its
/// process id cannot be another's meanwhile. What its children write until they are dead can spoil the first removal.
///
/// The kernel sends a SIGHUP to a group of processes that its parent's end leaves alone with one that is stopped, as a
/// paused server is. The shell ignores it, and also that nobody reads its answers any more. A server starts with SIGINT
/// and SIGQUIT ignored, as all do that a shell starts in the background; those here handle what they are sent.
const SCRIPT: &str = r#"
folder=$1 farewell=$2
shift 2
cd "$folder" || exit
trap '' HUP INT TERM PIPE
pid=
kin() {
  for child in $(cat "/proc/$1/task/$1/children"); do
    echo "$child"
    kin "$child"
  done
}
while read -r order; do
  case $order in
    start) (trap - HUP INT TERM PIPE; exec "$@") </dev/null >>log 2>&1 & pid=$!; echo "$pid" ;;
    reap) wait "$pid"; echo "$?"; pid= ;;
  esac
done
if [ -n "$pid" ]; then
  kill -KILL "$pid" $(kin "$pid")
  wait "$pid"
fi
eval "$farewell"
cd /
rm -rf "$folder" || { sleep 1; rm -rf "$folder"; }
"#;

/// What a guardian runs.
#[derive(Debug, Clone)]
pub(super) struct Orders {
    /// The program and its arguments.
    pub(super) command: Vec<OsString>,
    /// Whose process it is; the test's own user without.
    pub(super) account: Option<Account>,
    /// What the shell does in the folder after the server's end.
    pub(super) farewell: &'static str,
}

/// The shell. Dropped, it ends the server and removes the folder, and is waited for.
#[derive(Debug)]
pub(super) struct Guardian {
    shell: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Guardian {
    /// A shell that has not started the server yet.
    pub(super) fn new(orders: &Orders, folder: &Path) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "guardian"])
            .arg(folder)
            .arg(orders.farewell)
            .args(&orders.command)
            // An interrupt from the terminal is the test process's, which then ends the pipe.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(account) = &orders.account {
            command
                .uid(account.uid)
                .gid(account.gid)
                .env("HOME", folder)
                .env("USER", &account.name)
                .env("LOGNAME", &account.name);
        }
        let mut shell = command.spawn()?;
        let orders = shell.stdin.take();
        let answers = shell.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self {
            shell,
            orders,
            answers: BufReader::new(answers),
        })
    }

    /// Starts the server and gives its process id.
    pub(super) fn start(&mut self) -> io::Result<i32> {
        self.order("start")
    }

    /// Waits for the server, which has ended, and gives its exit code as a shell tells it.
    pub(super) fn reap(&mut self) -> io::Result<i32> {
        self.order("reap")
    }

    fn order(&mut self, order: &str) -> io::Result<i32> {
        let orders = self.orders.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(orders, "{order}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        answer.trim().parse().map_err(io::Error::other)
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.orders.take());
        // Only fails when it was waited for already.
        let _ = self.shell.wait();
    }
}
