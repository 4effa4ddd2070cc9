// SPDX-License-Identifier: AGPL-3.0-or-later
//! The servers that can be measured, each as another process of which the standard input is held open.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Stdio,
    str::FromStr,
    time::Duration,
};

use medmij_test::postgres::TestPostgres;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStdin, Command},
};

use crate::{
    target::Target,
    work::Failure,
    world::{Folder, Pki},
};

/// What is measured.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    /// This program over a store.
    Store(Target),
    /// This program over a new SQLite file.
    Sqlite,
    /// This program over a PostgreSQL that is started for it.
    Postgres,
    /// A script for Node.js.
    Node(PathBuf),
}

impl Subject {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Store(Target::Memory) => "memory",
            Self::Store(Target::Sqlite(_)) | Self::Sqlite => "sqlite",
            Self::Store(Target::Postgres(_)) | Self::Postgres => "postgres",
            Self::Node(_) => "oidc-provider",
        }
    }

    /// Whether a Persoon can be led through it.
    pub(crate) fn has_flows(&self) -> bool {
        !matches!(self, Self::Node(_))
    }
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "sqlite" => Self::Sqlite,
            "postgres" => Self::Postgres,
            _ => match text.strip_prefix("node:") {
                Some(script) => Self::Node(script.into()),
                None => Self::Store(text.parse()?),
            },
        })
    }
}

/// A server that runs.
pub(crate) struct Running {
    child: Child,
    input: ChildStdin,
    folder: Folder,
    // after the process: it uses both
    _postgres: Option<TestPostgres>,
    _files: TempDir,
}

impl Running {
    /// Starts a server and waits until it is ready. Codes and tokens live for so long; the chain log goes into a folder, or
    /// nowhere.
    pub(crate) async fn start(subject: &Subject, lifetime: Duration, log: Option<&Path>) -> Result<Self, Failure> {
        let files = TempDir::with_prefix("medmij-load-")?;
        let folder = Folder::at(files.path());
        let (mut command, mut postgres) = (Command::new(std::env::current_exe()?), None);
        let target = match subject {
            Subject::Store(target) => target.to_string(),
            Subject::Sqlite => format!("sqlite:{}", files.path().join("store.db").display()),
            Subject::Postgres => {
                let server = postgres.insert(TestPostgres::start()?);
                format!("postgres:{}", server.create_database()?)
            }
            Subject::Node(script) => {
                folder.write_pki(&Pki::new()?)?;
                command = Command::new("node");
                command.env("NODE_ENV", "production");
                command.arg(script);
                String::new()
            }
        };
        match subject {
            Subject::Node(_) => command.arg(files.path()),
            _ => command
                .args([
                    "serve",
                    "--store",
                    &target,
                    "--lifetime",
                    &lifetime.as_secs().to_string(),
                ])
                .arg("--folder")
                .arg(files.path())
                .args(log.iter().flat_map(|log| [OsStr::new("--log"), log.as_os_str()])),
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let input = child.stdin.take().ok_or("no input")?;
        let mut output = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        match output.next_line().await? {
            Some(line) if line == "ready" => {}
            other => return Err(format!("the server said {other:?} instead of ready").into()),
        }
        // whatever else it says goes nowhere, and does not stop it
        tokio::spawn(async move { while let Ok(Some(_)) = output.next_line().await {} });
        Ok(Self {
            child,
            input,
            folder,
            _postgres: postgres,
            _files: files,
        })
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Ends the server by closing its standard input.
    pub(crate) async fn end(self) -> Result<(), Failure> {
        let Self { mut child, input, .. } = self;
        drop(input);
        if child.wait().await?.success() {
            Ok(())
        } else {
            Err("the server failed".into())
        }
    }
}
