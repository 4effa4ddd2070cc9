// SPDX-License-Identifier: AGPL-3.0-or-later
//! PgBouncer in front of a private server, reached through a socket file too.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::postgres::{PostgresError, TestPostgres};

/// A PgBouncer that runs until this is dropped.
#[derive(Debug)]
pub struct TestPooler {
    child: Child,
    folder: TempDir,
}

impl TestPostgres {
    /// Starts a PgBouncer with this `pool_mode` and one more line of configuration, or says `SKIPPED: ...` and answers nothing
    /// where there is none.
    ///
    /// # Panics
    ///
    /// Where it is found and does not start, and where none is found while `CI` is set.
    #[must_use]
    #[allow(clippy::panic, reason = "this is the voice of a test")]
    pub fn pooler_or_skip(&self, mode: &str, more: &str) -> Option<TestPooler> {
        let Some(program) = program() else {
            crate::skip("PgBouncer is not installed, no store was opened through it");
            return None;
        };
        match self.pooler(&program, mode, more) {
            Ok(pooler) => Some(pooler),
            Err(error) => panic!("{error}: {:?}", std::error::Error::source(&error)),
        }
    }

    fn pooler(&self, program: &Path, mode: &str, more: &str) -> Result<TestPooler, PostgresError> {
        let io = |source| PostgresError::Io {
            program: program.to_owned(),
            source,
        };
        let folder = TempDir::with_prefix("medmij-pgb-").map_err(io)?;
        let path = folder.path();
        let text = format!(
            "[databases]\n* = host={server} port={port}\n[pgbouncer]\nlisten_addr =\nunix_socket_dir = {folder}\n\
             listen_port = 6543\nauth_type = trust\nauth_file = {folder}/users.txt\npool_mode = {mode}\n{more}\n",
            server = self.folder().display(),
            port = self.port(),
            folder = path.display(),
        );
        fs::write(path.join("users.txt"), "\"postgres\" \"\"\n").map_err(io)?;
        fs::write(path.join("pgbouncer.ini"), text).map_err(io)?;
        if let Some(user) = self.programs().user() {
            for file in [path.to_owned(), path.join("users.txt"), path.join("pgbouncer.ini")] {
                chown(file, Some(user.uid), Some(user.gid)).map_err(io)?;
            }
        }
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(io)?;
        let log = fs::File::create(path.join("log")).map_err(io)?;
        let mut command = self.programs().command(program, path);
        let child = command
            .arg(path.join("pgbouncer.ini"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(io)?;
        let pooler = TestPooler { child, folder };
        let since = Instant::now();
        while !pooler.folder.path().join(".s.PGSQL.6543").exists() {
            if since.elapsed() > Duration::from_secs(10) {
                return Err(PostgresError::Failed {
                    program: program.to_owned(),
                    output: fs::read_to_string(pooler.folder.path().join("log")).unwrap_or_default(),
                });
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(pooler)
    }
}

impl TestPooler {
    /// The way through it to a database that [`TestPostgres::create_database`] made.
    #[must_use]
    pub fn connection(&self, direct: &str) -> String {
        let database = direct.rsplit("dbname=").next().unwrap_or_default();
        format!(
            "host={} port=6543 user=postgres dbname={database}",
            self.folder.path().display()
        )
    }
}

impl Drop for TestPooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders
        .map(|folder| folder.join("pgbouncer"))
        .find(|program| program.exists())
}
