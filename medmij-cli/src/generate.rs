// SPDX-License-Identifier: AGPL-3.0-or-later
//! Completions for shells, and man pages.

use std::{io, path::Path};

use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use crate::{Exit, arguments::Arguments, cli_error::CliError, output::Output};

pub(crate) fn completions(shell: Shell, output: &mut Output) -> Result<Exit, CliError> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "medmij", &mut text);
    output.bytes(&text);
    Ok(Exit::Good)
}

/// One page with all that there is, or a folder with a page for each command.
pub(crate) fn man(folder: Option<&Path>, output: &mut Output) -> Result<Exit, CliError> {
    // a page for each `help` of a command would say nothing
    let mut command = without_help(Arguments::command());
    let mut page = Vec::new();
    main_page(&command, &mut page).map_err(CliError::Output)?;
    let Some(folder) = folder else {
        output.bytes(&page);
        return Ok(Exit::Good);
    };
    let failed = |cause: io::Error| CliError::Write {
        name: folder.display().to_string(),
        cause,
    };
    command.build();
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(command, folder).map_err(failed)?;
    std::fs::write(folder.join("medmij.1"), page).map_err(failed)?;
    Ok(Exit::Good)
}

fn without_help(command: clap::Command) -> clap::Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help)
}

fn main_page(command: &clap::Command, page: &mut Vec<u8>) -> io::Result<()> {
    let man = Man::new(command.clone());
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    man.render_subcommands_section(page)?;
    for (title, paragraphs) in SECTIONS {
        let mut roff = Roff::new();
        roff.control("SH", [*title]);
        for (term, text) in *paragraphs {
            if term.is_empty() {
                roff.control("PP", []);
            } else {
                roff.control("TP", []);
                roff.text([bold(*term)]);
            }
            roff.text([roman(*text)]);
        }
        roff.to_writer(page)?;
    }
    man.render_version_section(page)
}

/// What holds for all commands.
const SECTIONS: &[(&str, &[(&str, &str)])] = &[
    (
        "EXIT STATUS",
        &[
            ("0", "Yes: all accepted, found, listed, compared."),
            ("1", "No: something was refused, not found, not listed, or is wrong."),
            (
                "2",
                "The command was used wrongly, or something cannot be read or written. Standard error says what.",
            ),
        ],
    ),
    (
        "WARNINGS",
        &[
            (
                "",
                "medmij validate warns of what the schema accepts and nobody should publish or can use. A warning never \
                 changes the exit status.",
            ),
            ("V2", "The form of a Zorgaanbiedernaam (core.alst.101)."),
            (
                "V5",
                "A resource endpoint under two gegevensdiensten (core.gegevensdiensten.201).",
            ),
            ("V9", "A host name that cannot be used (core.whl.304)."),
            (
                "V12",
                "A gegevensdienst without a name, with the Gegevensdienstnamenlijst among the files.",
            ),
            (
                "V13",
                "A host that is not on the Whitelist (core.whl.306), with the Whitelist among the files.",
            ),
            (
                "USE",
                "Another value that cannot be used, such as an address with port 99999.",
            ),
            ("TZ", "A Tijdstempel without a time zone."),
            (
                "schema.*",
                "A list judged by an inferred dialect has a form, a count or an element that the dialect does not know.",
            ),
        ],
    ),
    (
        "FILES",
        &[
            (
                "-",
                "Standard input, wherever a file is read. Files may have up to 1 GiB; over 8 MiB the progress is shown if \
                 standard error is a terminal.",
            ),
            (
                "stelsel.toml",
                "A policy file: what a supplier overrules, each value with code, source and mark.",
            ),
        ],
    ),
    (
        "ENVIRONMENT",
        &[("NO_COLOR", "If it is set and not empty, nothing is coloured.")],
    ),
    (
        "EXAMPLES",
        &[
            (
                "medmij validate *.xml",
                "Judge lists, each by itself and against each other.",
            ),
            (
                "medmij validate --all --json list.xml | jq .errors",
                "All that is wrong with one, for a program.",
            ),
            (
                "medmij lookup zal.xml umcharderwijk --gegevensdienst 48",
                "The endpoints of one gegevensdienst of one zorgaanbieder.",
            ),
            ("medmij diff old.xml new.xml", "What a new publication changes."),
            (
                "medmij whitelist check whitelist.xml node.example.nl",
                "Whether one may connect to a host.",
            ),
            (
                "medmij schema import MedMij_Whitelist.xsd -o whitelist.dialect",
                "Make a dialect of a downloaded schema, for --dialect.",
            ),
            (
                "medmij policy check stelsel.toml",
                "Whether a policy file is right, and what still rests on inference.",
            ),
            (
                "medmij explain schema.pattern",
                "What a rule says and what to do about it.",
            ),
        ],
    ),
];
