// SPDX-License-Identifier: AGPL-3.0-or-later
//! The copy that a Persoon takes along, as files: `<aanbieder>/<gegevensdienst>/<type>-<id>.json`, documents beside them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use medmij_types::{Aanbiedernaam, GegevensdienstId};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{io, path::Path};

/// One line of what the DVP gives.
#[derive(Deserialize)]
struct Line<'a> {
    aanbieder: String,
    gegevensdienst: String,
    #[serde(borrow)]
    content: &'a RawValue,
}

/// What a file name is made of, and a document.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    resource_type: String,
    id: Option<String>,
    content_type: Option<String>,
    data: Option<String>,
}

/// Writes the lines as files; how many.
///
/// # Errors
///
/// [`io::Error`]: a line is none, or a file cannot be written.
pub fn write(folder: &Path, lines: &str) -> io::Result<usize> {
    let mut written = 0;
    // a resource keeps its own line breaks, so values are read one after the other, and not line by line
    for line in serde_json::Deserializer::from_str(lines).into_iter::<Line<'_>>() {
        let line = line.map_err(io::Error::other)?;
        let content: Content = serde_json::from_str(line.content.get()).map_err(io::Error::other)?;
        // names are checked: no separators, no dots alone
        let aanbieder = Aanbiedernaam::parse(&line.aanbieder).map_err(io::Error::other)?;
        let gegevensdienst = GegevensdienstId::parse(&line.gegevensdienst).map_err(io::Error::other)?;
        let checked = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let id = content
            .id
            .filter(|id| checked(id))
            .unwrap_or_else(|| written.to_string());
        if !checked(&content.resource_type) {
            return Err(io::Error::other("a type that is no name"));
        }
        let folder = folder.join(aanbieder.short()).join(gegevensdienst.as_str());
        std::fs::create_dir_all(&folder)?;
        match content.data {
            Some(data) if content.resource_type == "Binary" => {
                let pdf = content
                    .content_type
                    .is_some_and(|kind| kind.starts_with("application/pdf"));
                let name = format!("document-{id}.{}", if pdf { "pdf" } else { "bin" });
                std::fs::write(folder.join(name), STANDARD.decode(data).map_err(io::Error::other)?)?;
            }
            _ => {
                let name = format!("{}-{id}.json", content.resource_type);
                std::fs::write(folder.join(name), line.content.get())?;
            }
        }
        written += 1;
    }
    Ok(written)
}
