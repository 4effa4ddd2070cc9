// SPDX-License-Identifier: AGPL-3.0-or-later
//! Runs the command, and writes lists for it.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// The lines as JSON.
    pub(crate) fn json(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).expect(line))
            .collect()
    }
}

/// A folder with files in it.
pub(crate) struct Bench(pub(crate) tempfile::TempDir);

impl Bench {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Runs the command in the folder.
    pub(crate) fn medmij(&self, arguments: &[&str]) -> Run {
        self.fed(arguments, b"")
    }

    /// The same, with something on standard input.
    pub(crate) fn fed(&self, arguments: &[&str], stdin: &[u8]) -> Run {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // The command may end before it has read all.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        let output = child.wait_with_output().unwrap();
        Run {
            exit: output.status.code().expect("an exit code"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_medmij"));
        command
            .args(arguments)
            .current_dir(self.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

pub(crate) fn whitelist(volgnummer: u64, hosts: &[&str]) -> String {
    let nodes: String = hosts
        .iter()
        .map(|h| format!("    <MedMijNode><Hostname>{h}</Hostname></MedMijNode>\n"))
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Whitelist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/\">\n  \
         <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel>\n  <Volgnummer>{volgnummer}</Volgnummer>\n  \
         <MedMijNodes>\n{nodes}  </MedMijNodes>\n</Whitelist>\n"
    )
}

pub(crate) fn ocl(volgnummer: u64, clients: &[(&str, &str)]) -> String {
    let clients: String = clients
        .iter()
        .map(|(host, name)| {
            format!(
                "<OAuthclient><Hostname>{host}</Hostname><OAuthclientOrganisatienaam>{name}\
                 </OAuthclientOrganisatienaam></OAuthclient>"
            )
        })
        .collect();
    format!(
        "<OAuthclientlist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/oauthclientlist/release2/\"><Tijdstempel>\
         2026-03-29T12:00:00Z</Tijdstempel><Volgnummer>{volgnummer}</Volgnummer><OAuthclients>{clients}\
         </OAuthclients></OAuthclientlist>"
    )
}

pub(crate) fn gnl(volgnummer: u64, services: &[(&str, &str)]) -> String {
    let services: String = services
        .iter()
        .map(|(id, name)| {
            format!(
                "<Gegevensdienst><GegevensdienstId>{id}</GegevensdienstId><Weergavenaam>{name}</Weergavenaam>\
                 </Gegevensdienst>"
            )
        })
        .collect();
    format!(
        "<Gegevensdienstnamenlijst xmlns=\"xmlns://afsprakenstelsel.medmij.nl/gegevensdienstnamenlijst/release1/\">\
         <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel><Volgnummer>{volgnummer}</Volgnummer><Gegevensdiensten>\
         {services}</Gegevensdiensten></Gegevensdienstnamenlijst>"
    )
}

/// A Zorgaanbiederslijst of release 2: names, each with ids of gegevensdiensten.
pub(crate) fn zal(volgnummer: u64, aanbieders: &[(&str, &[&str])]) -> String {
    let aanbieders: String = aanbieders
        .iter()
        .map(|(name, ids)| {
            let services: String = ids.iter().map(|id| service(id)).collect();
            format!(
                "<Zorgaanbieder><Zorgaanbiedernaam>{name}@medmij</Zorgaanbiedernaam><Gegevensdiensten>{services}\
                 </Gegevensdiensten></Zorgaanbieder>"
            )
        })
        .collect();
    list_of(2, volgnummer, &aanbieders)
}

/// A Zorgaanbiederslijst of release 3, with one zorgaanbieder that has two Interfaceversies.
pub(crate) fn zal3(volgnummer: u64) -> String {
    let version = |id: &str, extra: &str| {
        format!(
            "<Interfaceversie><InterfaceversieId>{id}</InterfaceversieId><Gegevensdiensten>{}</Gegevensdiensten>\
             </Interfaceversie>",
            service("48").replace("<Systeemrollen>", &format!("{extra}<Systeemrollen>"))
        )
    };
    let abonneren = "<Abonneren><MaximaleDuur>90</MaximaleDuur><SubscriptionEndpointuri>https://dvza.voorbeeld.nl/sub\
                     </SubscriptionEndpointuri></Abonneren>";
    list_of(
        3,
        volgnummer,
        &format!(
            "<Zorgaanbieder><Zorgaanbiedernaam>umcharderwijk@medmij</Zorgaanbiedernaam><Aanbiedertype>ZA</Aanbiedertype>\
             <Interfaceversies>{}{}</Interfaceversies></Zorgaanbieder>",
            version("1.4.0", ""),
            version("2", abonneren)
        ),
    )
}

fn list_of(release: u32, volgnummer: u64, aanbieders: &str) -> String {
    format!(
        "<Zorgaanbiederslijst xmlns=\"xmlns://afsprakenstelsel.medmij.nl/zorgaanbiederslijst/release{release}/\">\
         <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel><Volgnummer>{volgnummer}</Volgnummer><Zorgaanbieders>\
         {aanbieders}</Zorgaanbieders></Zorgaanbiederslijst>"
    )
}

fn service(id: &str) -> String {
    format!(
        "<Gegevensdienst><GegevensdienstId>{id}</GegevensdienstId><AuthorizationEndpoint><AuthorizationEndpointuri>\
         https://dvza.voorbeeld.nl/authorize</AuthorizationEndpointuri></AuthorizationEndpoint><TokenEndpoint>\
         <TokenEndpointuri>https://dvza.voorbeeld.nl:8099/token</TokenEndpointuri></TokenEndpoint><Systeemrollen>\
         <Systeemrol><Systeemrolcode>ROL-{id}-FHIR</Systeemrolcode><ResourceEndpoint><ResourceEndpointuri>\
         https://dvza.voorbeeld.nl/fhir/{id}</ResourceEndpointuri></ResourceEndpoint></Systeemrol></Systeemrollen>\
         </Gegevensdienst>"
    )
}
