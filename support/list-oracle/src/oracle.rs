// SPDX-License-Identifier: AGPL-3.0-or-later
//! The oracles: libxml2 as the command `xmllint`, many files to a process, and the crate `xsd-schema`.

use std::{collections::HashMap, fs, path::Path, process::Command};

use xsd_schema::{
    SchemaSet, SchemaSetBuilder,
    validation::{CollectingValidationSink, SchemaValidator, SchemaValidity, ValidationFlags, drive_quick_xml},
};

/// Whether `xmllint` can be run.
pub fn has_xmllint() -> bool {
    Command::new("xmllint")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

/// What `xmllint --noout --schema` says of each document. The folder must be empty; it is filled with the documents.
pub fn xmllint(schema: &Path, documents: &[&[u8]], folder: &Path) -> Vec<bool> {
    const AT_ONCE: usize = 4000;
    let mut verdicts = vec![None; documents.len()];
    for (chunk, part) in documents.chunks(AT_ONCE).enumerate() {
        let names: Vec<String> = (0..part.len())
            .map(|n| format!("{}.xml", chunk * AT_ONCE + n))
            .collect();
        for (name, bytes) in names.iter().zip(part) {
            fs::write(folder.join(name), bytes).expect("a scratch file can be written");
        }
        let output = Command::new("xmllint")
            .args(["--noout", "--nonet", "--schema"])
            .arg(schema)
            .args(&names)
            .current_dir(folder)
            .output()
            .expect("xmllint runs");
        let mut said: HashMap<&str, bool> = HashMap::new();
        let errors = String::from_utf8_lossy(&output.stderr);
        for line in errors.lines() {
            if let Some(name) = line.strip_suffix(" validates") {
                said.insert(name, true);
            } else if let Some(name) = line.strip_suffix(" fails to validate") {
                said.insert(name, false);
            }
        }
        for (n, name) in names.iter().enumerate() {
            // A document that is not well-formed gets no verdict of the schema.
            verdicts[chunk * AT_ONCE + n] = Some(said.get(name.as_str()).copied().unwrap_or(false));
            let _ = fs::remove_file(folder.join(name));
        }
    }
    verdicts
        .into_iter()
        .map(|verdict| verdict.expect("every document was judged"))
        .collect()
}

/// What xmllint prints about one document.
pub fn xmllint_says(schema: &Path, document: &[u8], folder: &Path) -> String {
    let file = folder.join("one.xml");
    fs::write(&file, document).expect("a scratch file can be written");
    let output = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(schema)
        .arg("one.xml")
        .current_dir(folder)
        .output();
    String::from_utf8_lossy(&output.expect("xmllint runs").stderr).into_owned()
}

/// The second oracle.
pub struct XsdSchema(SchemaSet);

impl XsdSchema {
    pub fn new(schema: &Path) -> Self {
        let text = fs::read_to_string(schema).expect("the schema is there");
        let compiled = SchemaSetBuilder::new()
            .add_source(&text, "schema.xsd")
            .expect("a schema")
            .compile()
            .expect("a good schema");
        Self(compiled.into_schema_set())
    }

    pub fn accepts(&self, document: &[u8]) -> bool {
        let validator = SchemaValidator::new(&self.0, ValidationFlags::default());
        let (mut errors, mut warnings) = (Vec::new(), Vec::new());
        let mut runtime = validator.start_run(CollectingValidationSink {
            errors: &mut errors,
            warnings: &mut warnings,
        });
        let outcome = drive_quick_xml(document, &mut runtime, &self.0);
        drop(runtime);
        matches!(outcome, Ok(outcome) if outcome.root_validity == Some(SchemaValidity::Valid)) && errors.is_empty()
    }
}
