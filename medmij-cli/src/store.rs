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
use medmij_store_postgres::{PostgresOptions, PostgresStore};
use medmij_store_sqlite::{SqliteOptions, SqliteStore};

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
    let StoreCommand::End(end) = command;
    runtime()?.block_on(async {
        match Opened::at(&end.place).await? {
            Opened::Sqlite(store) => ends::end(&store, end, output).await,
            Opened::Postgres(store) => ends::end(&store, end, output).await,
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

    /// A file that is not there is not made.
    fn file(path: &Path) -> Result<SqliteStore, CliError> {
        let name = path.display().to_string();
        if let Err(cause) = std::fs::metadata(path) {
            return Err(CliError::Read { name, cause });
        }
        SqliteStore::open(SqliteOptions::new(path)).map_err(|error| CliError::failed(name, error))
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| CliError::failed("a runtime", error))
}
