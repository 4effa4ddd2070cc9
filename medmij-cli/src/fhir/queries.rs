// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij fhir queries ID`: the requests that a DVP sends, literally.

use std::{path::PathBuf, time::SystemTime};

use clap::Args;
use medmij_fhir::{
    BundleKind, Catalogue, Choices, FollowUp, Gegevensdienst, QueryMethod, ResourceId, SearchDate, ServiceFunction,
    ServiceQuery,
};
use serde::Serialize;

use crate::{Exit, cli_error::CliError, input::Input, output::Output};

#[derive(Args)]
#[command(after_help = "\
Exit codes: 0 printed, 1 no such gegevensdienst, 2 wrong usage, also when a date is needed and not given.\n\
\n\
One request a line: method and target, relative to the ResourceEndpoint; [base] is the endpoint itself. A\n\
part in braces comes out of an earlier answer: {id} of the resource that the step before gave,\n\
{attachment.url} and {reference} of links in it.\n\
\n\
With --json there is one object a line: service, block, label, method, target, decoded, systeemrol,\n\
accept, content_type, prefer, optional, after (the resource type whose ids it needs) and reads (what in\n\
an earlier answer leads to it); null where there is none.")]
pub(crate) struct Queries {
    /// The gegevensdienst: an id, or a key of the catalogue such as 65-v2 or U:MP9-3.0/MA.
    #[arg(value_name = "ID")]
    id: String,
    /// The day that today stands for; default is the day in the Netherlands.
    #[arg(long, value_name = "DATE")]
    today: Option<SearchDate>,
    /// Start of a period.
    #[arg(long, value_name = "DATE")]
    from: Option<SearchDate>,
    /// End of a period.
    #[arg(long, value_name = "DATE")]
    to: Option<SearchDate>,
    /// Code for queries that leave it to the DVP: `http://loinc.org|85354-9`, several with commas.
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// Id for {id}; may be given more than once.
    #[arg(long = "id", value_name = "ID", value_parser = ResourceId::parse)]
    ids: Vec<ResourceId>,
    /// Filter that the catalogue has, such as 'periodofuse=ge2026-01-01'.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    filter: Vec<(String, String)>,
    /// Leave the _include parameters of the catalogue out.
    #[arg(long)]
    no_include: bool,
    /// An _include in place of those of the catalogue.
    #[arg(long, value_name = "INCLUDE")]
    include: Vec<String>,
    /// Only the query with this label; an optional one too.
    #[arg(long, value_name = "LABEL")]
    only: Vec<String>,
    /// Show the optional queries too; with what is missing in braces.
    #[arg(long)]
    optional: bool,
    /// A catalogue file that overrides or adds gegevensdiensten.
    #[arg(long, value_name = "FILE")]
    catalogue: Option<PathBuf>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// One request.
#[derive(Serialize)]
struct Line<'a> {
    service: &'a str,
    block: Option<&'a str>,
    label: &'a str,
    method: &'a str,
    target: String,
    decoded: String,
    systeemrol: Option<&'a str>,
    accept: Option<String>,
    content_type: Option<&'a str>,
    prefer: Option<&'a str>,
    optional: bool,
    after: Option<&'a str>,
    reads: Option<String>,
}

pub(crate) fn run(arguments: &Queries, output: &mut Output) -> Result<Exit, CliError> {
    let own;
    let catalogue = match &arguments.catalogue {
        None => Catalogue::builtin(),
        Some(file) => {
            let input = Input::small(file)?;
            let read = Catalogue::builtin().clone().extended(input.text()?);
            own = read.map_err(|error| CliError::Usage(format!("{}: {error}", input.name)))?;
            &own
        }
    };
    let services: Vec<&Gegevensdienst> = catalogue.find(&arguments.id).collect();
    if services.is_empty() {
        crate::output::error_line(&format!(
            "medmij: no gegevensdienst {} in the catalogue",
            crate::output::printable(&arguments.id)
        ));
        return Ok(Exit::Not);
    }
    let mut lines = Vec::new();
    for service in services {
        match service.function() {
            ServiceFunction::Delen => lines.extend(shares(service)),
            _ => lines.extend(requests(service, arguments)?),
        }
    }
    for line in lines {
        if arguments.json {
            output.json(&line);
        } else {
            let target = if line.target.is_empty() { "[base]" } else { &line.target };
            output.line(format_args!("{} {target}", line.method));
        }
    }
    Ok(Exit::Good)
}

fn choices(arguments: &Queries) -> Choices {
    let today = arguments
        .today
        .clone()
        .unwrap_or_else(|| SearchDate::dutch_day(SystemTime::now()));
    let mut choices = Choices::default().today(today);
    if let Some(from) = &arguments.from {
        choices = choices.from(from.clone());
    }
    if let Some(to) = &arguments.to {
        choices = choices.to(to.clone());
    }
    if let Some(code) = &arguments.code {
        choices = choices.code(code.as_str());
    }
    for id in &arguments.ids {
        choices = choices.id(id.clone());
    }
    for (name, value) in &arguments.filter {
        choices = choices.filter(name.as_str(), value.as_str());
    }
    if arguments.no_include {
        choices = choices.without_includes();
    }
    for include in &arguments.include {
        choices = choices.include(include.as_str());
    }
    for label in &arguments.only {
        choices = choices.only(label.as_str());
    }
    choices
}

fn requests<'a>(service: &'a Gegevensdienst, arguments: &Queries) -> Result<Vec<Line<'a>>, CliError> {
    let choices = choices(arguments);
    let wrong = |error: medmij_fhir::QueryError| CliError::Usage(format!("gegevensdienst {}: {error}", service.key()));
    let planned = service.plan(&choices).map_err(wrong)?;
    let mut lines = Vec::new();
    for query in planned {
        // the ids of a second step come out of the first, unless they are given
        let open = query.after().is_some() && arguments.ids.is_empty();
        lines.push(match (service.query(query, &choices), open) {
            (Ok(built), _) => line(service, query, built.path_and_query(), built.to_string()),
            (Err(_), true) => template(service, query),
            (Err(error), false) => return Err(wrong(error)),
        });
    }
    if arguments.only.is_empty() {
        let wanted = |query: &&ServiceQuery| match (query.follow_up(), query.is_optional()) {
            (Some(_), optional) => !optional || arguments.optional,
            (None, optional) => optional && arguments.optional && query.method() == QueryMethod::Get,
        };
        for query in service.queries().iter().filter(wanted) {
            let built = service
                .query(query, &choices)
                .ok()
                .filter(|_| query.follow_up().is_none());
            lines.push(match built {
                Some(built) => line(service, query, built.path_and_query(), built.to_string()),
                None => template(service, query),
            });
        }
    }
    Ok(lines)
}

/// A request of which a part is not known yet.
fn template<'a>(service: &'a Gegevensdienst, query: &'a ServiceQuery) -> Line<'a> {
    let target = query.target();
    line(
        service,
        query,
        target.replace('|', "%7C").replace('+', "%2B").replace(' ', "%20"),
        target.to_owned(),
    )
}

fn line<'a>(service: &'a Gegevensdienst, query: &'a ServiceQuery, target: String, decoded: String) -> Line<'a> {
    let systeemrol = query.systeemrol().or_else(|| service.systeemrollen().first());
    Line {
        service: service.key(),
        block: service.block(),
        label: query.label(),
        method: "GET",
        target,
        decoded,
        systeemrol: systeemrol.map(AsRef::as_ref),
        accept: Some(query.accept().unwrap_or_else(|| service.version().mime()).to_owned()),
        content_type: None,
        prefer: None,
        optional: query.is_optional(),
        after: query.after().map(AsRef::as_ref),
        reads: query.follow_up().map(reads),
    }
}

fn reads(follow_up: &FollowUp) -> String {
    match follow_up {
        FollowUp::Attachment => "DocumentReference.content.attachment.url".to_owned(),
        FollowUp::Manifest => "DocumentManifest.content.pReference".to_owned(),
        FollowUp::TaskInput => "Task.input".to_owned(),
        FollowUp::References(of) => format!("references of {of}"),
        _ => "another answer".to_owned(),
    }
}

/// What Delen sends.
fn shares(service: &Gegevensdienst) -> Vec<Line<'_>> {
    let Some(share) = service.share() else {
        return Vec::new();
    };
    let write = |label: &'static str, method: &'static str, target: &str, prefer| Line {
        service: service.key(),
        block: service.block(),
        label,
        method,
        target: target.to_owned(),
        decoded: target.to_owned(),
        systeemrol: service.systeemrollen().first().map(AsRef::as_ref),
        accept: Some(service.version().mime().to_owned()),
        content_type: Some("application/fhir+json"),
        prefer,
        optional: false,
        after: None,
        reads: None,
    };
    let mut lines = Vec::new();
    if share.types().iter().any(|name| name.as_str() == "Task") {
        lines.push(write("Task", "PUT", "Task/{id}", None));
    }
    let label = if share.bundle() == BundleKind::Batch {
        "batch"
    } else {
        "transaction"
    };
    lines.push(write(label, "POST", "", share.prefer()));
    lines
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("not name=value".to_owned()),
    }
}
