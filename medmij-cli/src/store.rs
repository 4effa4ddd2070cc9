// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij bindings`, `medmij keys`, `medmij clock`, `medmij store` — an operator at the store of a DVZA: core.tknint.200 (whose certificate is
//! it), keys that retire, a wall clock that jumped.

mod audit;
mod bindings;
mod clock;
mod ends;
mod keys;

use std::path::Path;

use medmij_dvza::store::AuditObject;
use medmij_store_postgres::{PostgresOptions, PostgresStore, PostgresVault};
use medmij_store_sqlite::{SqliteOptions, SqliteStore, SqliteVault};

use crate::{
    Exit,
    arguments::{AuditCommand, BindingsCommand, ClockCommand, KeysCommand, StoreCommand, StorePlace},
    cli_error::CliError,
    output::Output,
};

pub(crate) fn bindings(command: &BindingsCommand, output: &mut Output) -> Result<Exit, CliError> {
    let runtime = runtime()?;
    runtime.block_on(async {
        match Opened::at(command.place()).await? {
            Opened::Sqlite(store) => bindings::run(&store, command, output).await,
            Opened::Postgres(store) => bindings::run(&store, command, output).await,
        }
    })
}

pub(crate) fn keys(command: &KeysCommand, output: &mut Output) -> Result<Exit, CliError> {
    let runtime = runtime()?;
    runtime.block_on(async {
        match Opened::at(command.place()).await? {
            Opened::Sqlite(store) => keys::run(&store, command, output).await,
            Opened::Postgres(store) => keys::run(&store, command, output).await,
        }
    })
}

pub(crate) fn clock(command: &ClockCommand, output: &mut Output) -> Result<Exit, CliError> {
    let runtime = runtime()?;
    runtime.block_on(async {
        let opened = Opened::at(command.place()).await?;
        if let ClockCommand::Accept { by, .. } = command {
            let (object, name) = (AuditObject::Clock, by.name());
            match &opened {
                Opened::Sqlite(store) => audit::administered(store, object, &name).await?,
                Opened::Postgres(store) => audit::administered(store, object, &name).await?,
            }
            let accepted = match &opened {
                Opened::Sqlite(store) => store.accept_clock().await,
                Opened::Postgres(store) => store.accept_clock().await,
            };
            accepted.map_err(|error| CliError::failed("the clock of the store", error))?;
        }
        match opened {
            Opened::Sqlite(store) => clock::show(&store, output).await,
            Opened::Postgres(store) => clock::show(&store, output).await,
        }
    })
}

pub(crate) fn audit(command: &AuditCommand, output: &mut Output) -> Result<Exit, CliError> {
    match command {
        AuditCommand::NewKey { file } => return audit::new_key(file, output),
        AuditCommand::Roles {
            postgres,
            application,
            operator,
        } => {
            let given = async {
                let options = PostgresOptions::parse(postgres)?.pool_size(1);
                PostgresStore::grant_roles(&options, application, operator.as_deref()).await
            };
            runtime()?
                .block_on(given)
                .map_err(|error| CliError::failed("the store in PostgreSQL", error))?;
            output.line(format_args!(
                "{application} may add audit entries, and neither change nor delete one"
            ));
            return Ok(Exit::Good);
        }
        _ => {}
    }
    let Some(place) = audit::place(command) else {
        return Ok(Exit::Good);
    };
    runtime()?.block_on(async {
        match Opened::at(place).await? {
            Opened::Sqlite(store) => audit::run(&store, command, output).await,
            Opened::Postgres(store) => audit::run(&store, command, output).await,
        }
    })
}

pub(crate) fn ends(command: &StoreCommand, output: &mut Output) -> Result<Exit, CliError> {
    runtime()?.block_on(async {
        match command {
            StoreCommand::End(end) => match Opened::at(&end.place).await? {
                Opened::Sqlite(store) => ends::end(store, end, output).await,
                Opened::Postgres(store) => ends::end(store, end, output).await,
            },
            StoreCommand::Reconcile(arguments) if arguments.vault => match OpenedVault::at(&arguments.place).await? {
                OpenedVault::Sqlite(vault) => ends::reconcile_vault(vault, arguments, output).await,
                OpenedVault::Postgres(vault) => ends::reconcile_vault(vault, arguments, output).await,
            },
            StoreCommand::Reconcile(arguments) => match Opened::at(&arguments.place).await? {
                Opened::Sqlite(store) => ends::reconcile(store, arguments, output).await,
                Opened::Postgres(store) => ends::reconcile(store, arguments, output).await,
            },
        }
    })
}

/// A store of a DVZA.
enum Opened {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
}

impl Opened {
    async fn at(place: &StorePlace) -> Result<Self, CliError> {
        if let Some(path) = &place.sqlite {
            return Self::file(path).map(Self::Sqlite);
        }
        let connection = place.postgres.as_deref().unwrap_or_default();
        let open = async {
            let options = PostgresOptions::parse(connection)?.pool_size(1);
            PostgresStore::open(&options).await
        };
        let store = open
            .await
            .map_err(|error| CliError::failed("the store in PostgreSQL", error))?;
        Ok(Self::Postgres(store))
    }

    fn file(path: &Path) -> Result<SqliteStore, CliError> {
        SqliteStore::open(there(path)?).map_err(|error| CliError::failed(path.display().to_string(), error))
    }
}

/// A file that is not there is not made, and neither is one of an empty file: SQLite takes that for a new database.
fn there(path: &Path) -> Result<SqliteOptions, CliError> {
    let name = path.display().to_string();
    match std::fs::metadata(path) {
        Ok(file) if !file.is_file() => Err(CliError::Usage(format!(
            "{name} is no file: give the file of the store"
        ))),
        Ok(file) if file.len() == 0 => Err(CliError::Usage(format!("{name} is empty, and no store"))),
        Ok(_) => Ok(SqliteOptions::new(path)),
        Err(cause) => Err(CliError::Read { name, cause }),
    }
}

/// A vault of a DVP.
enum OpenedVault {
    Sqlite(SqliteVault),
    Postgres(PostgresVault),
}

impl OpenedVault {
    async fn at(place: &StorePlace) -> Result<Self, CliError> {
        if let Some(path) = &place.sqlite {
            let opened = SqliteVault::open(there(path)?);
            return opened
                .map(Self::Sqlite)
                .map_err(|error| CliError::failed(path.display().to_string(), error));
        }
        let connection = place.postgres.as_deref().unwrap_or_default();
        let open = async {
            let options = PostgresOptions::parse(connection)?.pool_size(1);
            PostgresVault::open(&options).await
        };
        let opened = open.await;
        opened
            .map(Self::Postgres)
            .map_err(|error| CliError::failed("the vault in PostgreSQL", error))
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| CliError::failed("a runtime", error))
}
