// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij schema import`: makes a dialect of an official schema that a supplier has downloaded, so that a new file
//! version of a list needs no new release of this program.

use medmij_list::Dialect;

use crate::{
    Exit,
    arguments::SchemaImport,
    cli_error::CliError,
    input::Input,
    output::{Output, error_line},
};

pub(crate) fn run(arguments: &SchemaImport, output: &mut Output) -> Result<Exit, CliError> {
    let input = Input::small(&arguments.schema)?;
    let dialect = match Dialect::from_xsd(&input.bytes) {
        Ok(dialect) => dialect,
        Err(cause) => {
            error_line(&format!(
                "medmij: {}",
                CliError::Schema {
                    name: input.name,
                    cause
                }
            ));
            return Ok(Exit::Not);
        }
    };
    let text = dialect.to_string();
    match &arguments.output {
        None => output.bytes(text.as_bytes()),
        Some(path) => {
            let name = path.display().to_string();
            std::fs::write(path, text).map_err(|cause| CliError::Write {
                name: name.clone(),
                cause,
            })?;
            output.line(format_args!("{name}: {} {}", dialect.kind(), dialect.release()));
        }
    }
    Ok(Exit::Good)
}
