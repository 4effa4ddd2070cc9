// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij store end` — core.dossier.108: a death, or an erasure, at the store of a DVZA.

use medmij_dvza::store::{Acting, EndedPersoon, PersoonEnd, Store};
use medmij_oauth::ClientId;
use medmij_types::Aanbiedernaam;
use serde::Serialize;

use super::audit::persoon;
use crate::{Exit, arguments::End, cli_error::CliError, output::Output};

pub(crate) async fn end<S: Store>(store: &S, arguments: &End, output: &mut Output) -> Result<Exit, CliError> {
    let persoon = persoon(&arguments.bsn, &arguments.keys)?;
    let by = Acting::operator(arguments.by.name());
    let end = if arguments.why.erase {
        PersoonEnd::erasure(persoon, by)
    } else {
        PersoonEnd::after_death(persoon, by)
    };
    let ended = store
        .end_persoon(&end)
        .await
        .map_err(|error| CliError::failed("the store", error))?;
    if arguments.json {
        output.json(&Shown::of(&ended));
        return Ok(Exit::Good);
    }
    for (client, aanbieder) in &ended.grants {
        let at = aanbieder.as_ref().map_or("an aanbieder without a name", AsRef::as_ref);
        output.line(format_args!("a consent of {at} for {client} has ended"));
    }
    output.line(format_args!(
        "{} consents and {} Abonnementen have ended",
        ended.grants.len(),
        ended.abonnementen
    ));
    if arguments.why.erase {
        output.line(format_args!(
            "{} entries of the audit log name nobody any more",
            ended.entries
        ));
    }
    Ok(Exit::Good)
}

#[derive(Serialize)]
struct Shown<'a> {
    grants: Vec<ShownGrant<'a>>,
    abonnementen: u64,
    entries: u64,
}

#[derive(Serialize)]
struct ShownGrant<'a> {
    client_id: &'a str,
    aanbieder: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(ended: &'a EndedPersoon) -> Self {
        let grant = |(client_id, aanbieder): &'a (ClientId, Option<Aanbiedernaam>)| ShownGrant {
            client_id: client_id.as_str(),
            aanbieder: aanbieder.as_ref().map(AsRef::as_ref),
        };
        Self {
            grants: ended.grants.iter().map(grant).collect(),
            abonnementen: ended.abonnementen,
            entries: ended.entries,
        }
    }
}
