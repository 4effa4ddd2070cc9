// SPDX-License-Identifier: AGPL-3.0-or-later
//! A second server that follows the first, commit by commit.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::TestPostgres;
use crate::postgres::{PostgresError, programs::run};

impl TestPostgres {
    /// A standby of this server. From now on each commit here waits until the standby has it on disk
    /// (`synchronous_standby_names`). The setting is not in the copy: as primary, the standby waits for nobody.
    ///
    /// # Errors
    ///
    /// [`PostgresError`], where the copy cannot be made or does not follow within half a minute.
    pub fn standby(&self) -> Result<Self, PostgresError> {
        let standby = Self::start_on(self.port, self.settings.clone(), |standby| {
            let folder = standby.folder.path();
            let mut copy = self.programs.command(self.programs.path("pg_basebackup"), folder);
            copy.arg("-D").arg(standby.data()).arg("-h").arg(self.folder.path());
            copy.args(["-p", &self.port.to_string(), "-U", "postgres"]);
            copy.args(["-R", "-X", "stream", "-c", "fast", "--no-sync"]);
            run(copy).map(drop)
        })?;
        let administrator = self.administrator();
        self.sql(&administrator, "ALTER SYSTEM SET synchronous_standby_names = '*'")?;
        self.sql(&administrator, "SELECT pg_reload_conf()")?;
        let follows = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        let since = Instant::now();
        while self.sql(&administrator, follows)?.trim() != "1" {
            if since.elapsed() > Duration::from_secs(30) {
                return Err(PostgresError::Failed {
                    program: "postgres".into(),
                    output: "the standby does not follow".to_owned(),
                });
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(standby)
    }

    /// Makes a standby a primary, and waits until it is one.
    ///
    /// # Errors
    ///
    /// [`PostgresError`], where it is none, or does not become one.
    pub fn promote(&self) -> Result<(), PostgresError> {
        self.sql(&self.administrator(), "SELECT pg_promote()").map(drop)
    }

    /// How to connect to a database of this server and to that of the same name of its standby, whichever can be written to.
    #[must_use]
    pub fn with_standby(&self, standby: &Self, connection: &str) -> String {
        let (one, two) = (self.folder.path().display(), standby.folder.path().display());
        connection.replacen(&format!("host={one} "), &format!("host={one},{two} "), 1)
    }

    fn administrator(&self) -> String {
        format!("host={} user=postgres dbname=postgres", self.folder.path().display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::Stop;

    #[test]
    fn what_was_committed_is_there_after_the_primary_was_killed_and_the_standby_promoted() {
        let Some(primary) = TestPostgres::start_or_skip() else {
            return;
        };
        let connection = primary.create_database().unwrap();
        let standby = primary.standby().unwrap();
        primary.sql(&connection, "CREATE TABLE t AS SELECT 42 AS a").unwrap();
        primary.stop(Stop::Kill).unwrap();
        standby.promote().unwrap();
        let both = primary.with_standby(&standby, &connection);
        assert_eq!(standby.sql(&both, "SELECT a FROM t").unwrap().trim(), "42");
        // nobody is waited for
        standby.sql(&both, "INSERT INTO t VALUES (43)").unwrap();
    }
}
