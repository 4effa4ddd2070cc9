// SPDX-License-Identifier: AGPL-3.0-or-later
//! The programs of PostgreSQL, and the user that they run as.

use std::{
    fs, io,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use crate::postgres::PostgresError;

/// Where the programs are, and as whom they run.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
    user: Option<User>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Programs {
    pub(crate) fn find() -> Result<Self, PostgresError> {
        let folder = match std::env::var_os("MEDMIJ_POSTGRES_BIN") {
            Some(folder) => PathBuf::from(folder),
            None => newest(Path::new("/usr/lib/postgresql")).ok_or(PostgresError::Absent)?,
        };
        if !folder.join("initdb").exists() || !folder.join("postgres").exists() {
            return Err(PostgresError::Absent);
        }
        let user = if is_root()? {
            Some(user("postgres").ok_or(PostgresError::NoUser)?)
        } else {
            None
        };
        Ok(Self { folder, user })
    }

    pub(crate) fn user(&self) -> Option<User> {
        self.user
    }

    pub(crate) fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    /// A command that runs as the right user, in a folder that it may enter.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder).env("LC_ALL", "C");
        // nothing of the surroundings decides where a program connects to
        for name in ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGOPTIONS", "PGDATA"] {
            command.env_remove(name);
        }
        if let Some(user) = self.user {
            command.gid(user.gid).uid(user.uid);
        }
        command
    }
}

/// Runs a command to its end; its standard output.
pub(crate) fn run(mut command: Command) -> Result<Vec<u8>, PostgresError> {
    let program = PathBuf::from(command.get_program());
    match command.output() {
        Err(source) => Err(PostgresError::Io { program, source }),
        Ok(output) if output.status.success() => Ok(output.stdout),
        Ok(output) => Err(PostgresError::Failed {
            program,
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
        }),
    }
}

fn newest(root: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(root).ok()?.flatten();
    versions
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse::<u32>().ok()?,
                entry.path().join("bin"),
            ))
        })
        .filter(|(_, folder)| folder.join("initdb").exists())
        .max()
        .map(|(_, folder)| folder)
}

fn is_root() -> Result<bool, PostgresError> {
    let mut id = Command::new("id");
    id.arg("-u");
    Ok(run(id)?.trim_ascii() == b"0")
}

fn user(name: &str) -> Option<User> {
    let passwd: io::Result<String> = fs::read_to_string("/etc/passwd");
    passwd.ok()?.lines().find_map(|line| {
        let mut fields = line.split(':');
        let found = fields.next()? == name;
        let mut number = || fields.next()?.parse().ok();
        // name:password:uid:gid
        let _password: Option<u32> = number();
        let (uid, gid) = (number()?, number()?);
        found.then_some(User { uid, gid })
    })
}
