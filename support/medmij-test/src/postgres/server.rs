// SPDX-License-Identifier: AGPL-3.0-or-later
//! One server: made, started, stopped by its process id, removed.

mod standby;

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::postgres::{
    PostgresError,
    programs::{Programs, run},
};

/// A private server. It stops when it is dropped, and when this process ends however it ends.
#[derive(Debug)]
pub struct TestPostgres {
    programs: Programs,
    folder: TempDir,
    guard: Mutex<Option<Child>>,
    databases: AtomicU32,
    port: u16,
    settings: Vec<String>,
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// Connections are ended and everything is written out, as by an administrator.
    Fast,
    /// Everything is left as it is, as by a crash: the next start recovers from the log.
    Immediate,
    /// SIGKILL: not even the connections are ended.
    Kill,
}

impl TestPostgres {
    /// Makes and starts a server. `fsync` is on, as in production.
    ///
    /// # Errors
    ///
    /// [`PostgresError`], where there is no PostgreSQL, or it does not start.
    pub fn start() -> Result<Self, PostgresError> {
        // the number only names the socket file
        Self::start_on(5432, Vec::new(), Self::initdb)
    }

    /// The same with these settings over the usual ones, as `name=value`.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start): [`PostgresError`].
    pub fn start_with(settings: &[&str]) -> Result<Self, PostgresError> {
        let settings = settings
            .iter()
            .flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]);
        Self::start_on(5432, settings.collect(), Self::initdb)
    }

    /// The same, listening with TLS on 127.0.0.1 too: the server and its port. A certificate with its chain and its key in PEM.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start): [`PostgresError`].
    pub fn start_with_tls(chain: &str, key: &str) -> Result<(Self, u16), PostgresError> {
        let io = |source| PostgresError::Io {
            program: "127.0.0.1".into(),
            source,
        };
        // PostgreSQL does not choose a port by itself
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))
            .and_then(|free| free.local_addr())
            .map_err(io)?
            .port();
        let settings = [
            "listen_addresses=127.0.0.1",
            "ssl=on",
            "ssl_cert_file=../chain.pem",
            "ssl_key_file=../key.pem",
        ];
        let settings = settings
            .iter()
            .flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]);
        let server = Self::start_on(port, settings.collect(), |server| {
            server.initdb()?;
            for (name, pem) in [("chain.pem", chain), ("key.pem", key)] {
                let path = server.folder.path().join(name);
                fs::write(&path, pem).map_err(io)?;
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(io)?;
                if let Some(user) = server.programs.user() {
                    chown(&path, Some(user.uid), Some(user.gid)).map_err(io)?;
                }
            }
            Ok(())
        })?;
        Ok((server, port))
    }

    fn start_on(
        port: u16,
        settings: Vec<String>,
        make: impl FnOnce(&Self) -> Result<(), PostgresError>,
    ) -> Result<Self, PostgresError> {
        let programs = Programs::find()?;
        let io = |path: &Path| {
            let program = path.to_owned();
            move |source| PostgresError::Io { program, source }
        };
        let folder = TempDir::with_prefix("medmij-pg-").map_err(io(Path::new("temporary folder")))?;
        let path = folder.path();
        if let Some(user) = programs.user() {
            chown(path, Some(user.uid), Some(user.gid)).map_err(io(path))?;
        }
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(io(path))?;
        let server = Self {
            programs,
            folder,
            guard: Mutex::default(),
            databases: AtomicU32::new(0),
            port,
            settings,
        };
        make(&server)?;
        server.resume()?;
        Ok(server)
    }

    /// An empty folder of data.
    fn initdb(&self) -> Result<(), PostgresError> {
        let path = self.folder.path();
        let mut initdb = self.programs.command(self.programs.path("initdb"), path);
        initdb
            .args([
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "-D",
            ])
            .arg(path.join("data"));
        run(initdb).map(drop)
    }

    /// Makes an empty database; how to connect to it, as `host=... user=... dbname=...`.
    ///
    /// # Errors
    ///
    /// [`PostgresError`], where the server is stopped.
    pub fn create_database(&self) -> Result<String, PostgresError> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut createdb = self.command("createdb");
        createdb.arg(&name);
        run(createdb)?;
        Ok(format!(
            "host={} user=postgres dbname={name}",
            self.folder.path().display()
        ))
    }

    /// What `pg_dump` writes of a database that [`create_database`](Self::create_database) made.
    ///
    /// # Errors
    ///
    /// [`PostgresError`], where the server is stopped or has no such database.
    pub fn dump(&self, connection: &str) -> Result<Vec<u8>, PostgresError> {
        let mut dump = self.command("pg_dump");
        dump.arg(format!("--dbname={connection}"));
        run(dump)
    }

    /// Puts into an empty database what [`dump`](Self::dump) wrote.
    ///
    /// # Errors
    ///
    /// [`PostgresError`], where the database is not there or not empty.
    pub fn restore(&self, connection: &str, dump: &[u8]) -> Result<(), PostgresError> {
        let path = self
            .folder
            .path()
            .join(format!("dump_{}", self.databases.fetch_add(1, Ordering::Relaxed)));
        fs::write(&path, dump).map_err(|source| PostgresError::Io {
            program: path.clone(),
            source,
        })?;
        let mut psql = self.command("psql");
        psql.args(["--no-psqlrc", "-q", "-v", "ON_ERROR_STOP=1", "-f"])
            .arg(&path)
            .arg(format!("--dbname={connection}"));
        run(psql).map(drop)
    }

    /// Runs SQL as the administrator; what `psql` writes, one row a line.
    ///
    /// # Errors
    ///
    /// [`PostgresError`], where the SQL fails.
    pub fn sql(&self, connection: &str, sql: &str) -> Result<String, PostgresError> {
        let mut psql = self.command("psql");
        psql.args(["--no-psqlrc", "-qtA", "-v", "ON_ERROR_STOP=1", "-c", sql])
            .arg(format!("--dbname={connection}"));
        Ok(String::from_utf8_lossy(&run(psql)?).into_owned())
    }

    /// The folder of the data, for searching its files. Stop the server first.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Stops the server and waits until it is gone.
    ///
    /// # Errors
    ///
    /// [`PostgresError`], where its process id cannot be read.
    pub fn stop(&self, how: Stop) -> Result<(), PostgresError> {
        let mut guard = self.guard();
        let Some(mut child) = guard.take() else { return Ok(()) };
        let pid = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        if let Some(pid) = pid.lines().next() {
            let signal = match how {
                Stop::Fast => "-INT",
                Stop::Immediate => "-QUIT",
                Stop::Kill => "-KILL",
            };
            let mut kill = Command::new("kill");
            kill.args([signal, pid]);
            run(kill)?;
        }
        // the guard waits for the server and ends after it; waiting would close its input, which means that we are gone
        let input = child.stdin.take();
        let waited = child.wait();
        drop(input);
        waited.map(drop).map_err(|source| PostgresError::Io {
            program: "postgres".into(),
            source,
        })
    }

    /// Starts the server again after [`stop`](Self::stop), with the same data, and waits until it answers.
    ///
    /// # Errors
    ///
    /// [`PostgresError`], where it does not answer within 30 s.
    pub fn resume(&self) -> Result<(), PostgresError> {
        let mut guard = self.guard();
        if guard.is_some() {
            return Ok(());
        }
        let folder = self.folder.path();
        let postgres = self.programs.path("postgres");
        let mut command = self.programs.command("sh", folder);
        command
            .args(["-c", GUARD, "guard"])
            .arg(&postgres)
            .arg(self.data())
            .arg(folder)
            .args(["-c", &format!("port={}", self.port)])
            .args(&self.settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().map_err(|source| PostgresError::Io {
            program: postgres.clone(),
            source,
        })?;
        *guard = Some(child);
        let since = Instant::now();
        loop {
            let mut ready = self.command("pg_isready");
            ready.args(["-q", "-d", "postgres"]);
            match run(ready) {
                Ok(_) => return Ok(()),
                Err(_) if since.elapsed() < Duration::from_secs(30) => thread::sleep(Duration::from_millis(20)),
                Err(_) => {
                    let output = fs::read_to_string(folder.join("log")).unwrap_or_default();
                    return Err(PostgresError::Failed {
                        program: postgres,
                        output,
                    });
                }
            }
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn programs(&self) -> &Programs {
        &self.programs
    }

    fn guard(&self) -> MutexGuard<'_, Option<Child>> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client program that connects to this server.
    fn command(&self, program: &str) -> Command {
        let folder = self.folder.path();
        let mut command = self.programs.command(self.programs.path(program), folder);
        command
            .env("PGHOST", folder)
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", "postgres");
        command
    }
}

impl Drop for TestPostgres {
    fn drop(&mut self) {
        // the folder goes after it
        drop(self.stop(Stop::Immediate));
    }
}

/// Starts the server and waits for it. Standard input is a pipe from the test: when that ends, the server is stopped and its
/// folder is removed.
const GUARD: &str = r#"
# what runs in the background gets an empty standard input, so the pipe is kept under another number
exec 3<&0
postgres=$1 data=$2 folder=$3
shift 3
"$postgres" -D "$data" -k "$folder" -c listen_addresses= -c max_connections=200 -c shared_buffers=64MB \
    -c max_wal_size=1GB "$@" >>"$folder/log" 2>&1 3<&- &
server=$!
(
    cat >/dev/null
    touch "$folder/orphaned"
    kill -QUIT "$server" 2>/dev/null
) <&3 &
watch=$!
exec 3<&-
wait "$server"
kill "$watch" 2>/dev/null
[ -e "$folder/orphaned" ] && rm -rf "$folder"
exit 0
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_is_killed_leaves_no_server_behind() {
        let Some(server) = TestPostgres::start_or_skip() else {
            return;
        };
        let folder = server.folder.path().to_owned();
        let pid = fs::read_to_string(server.data().join("postmaster.pid")).unwrap();
        let process = Path::new("/proc").join(pid.lines().next().unwrap());
        assert!(process.exists());
        let mut guard = server.guard().take().unwrap();
        // as the kernel does with every pipe of a process that ends
        drop(guard.stdin.take());
        guard.wait().unwrap();
        assert!(!process.exists());
        assert!(!folder.exists());
    }

    #[test]
    fn a_server_keeps_its_rows_over_a_crash_and_leaves_nothing_behind() {
        let Some(server) = TestPostgres::start_or_skip() else {
            return;
        };
        let connection = server.create_database().unwrap();
        server.sql(&connection, "CREATE TABLE t (a int)").unwrap();
        server.sql(&connection, "INSERT INTO t VALUES (42)").unwrap();
        server.stop(Stop::Immediate).unwrap();
        assert!(server.sql(&connection, "SELECT 1").is_err());
        server.resume().unwrap();
        assert_eq!(server.sql(&connection, "SELECT a FROM t").unwrap().trim(), "42");
        assert!(
            String::from_utf8(server.dump(&connection).unwrap())
                .unwrap()
                .contains("42")
        );
        let folder = server.folder.path().to_owned();
        drop(server);
        assert!(!folder.exists());
    }
}
