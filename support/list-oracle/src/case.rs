// SPDX-License-Identifier: AGPL-3.0-or-later
//! How a case is read: with the default options, or as the file `NAME.options` beside it says, one option a line: `size`,
//! `depth`, `attributes`, `namespaces` or `value` with a number, `old-shapes`, or `dialect` with a schema of `schemas/`.

use std::{fs, path::Path, sync::Arc};

use medmij_list::{Dialect, ReadOptions};

/// The options of a case.
pub fn options(case: &Path) -> ReadOptions {
    let mut options = ReadOptions::default();
    let Ok(text) = fs::read_to_string(case.with_extension("options")) else {
        return options;
    };
    for line in text.lines() {
        let (name, value) = line.split_once(' ').unwrap_or((line, ""));
        let limits = &mut options.limits;
        let limit = match name {
            "size" => &mut limits.size,
            "depth" => &mut limits.depth,
            "attributes" => &mut limits.attributes,
            "namespaces" => &mut limits.namespaces,
            "value" => &mut limits.value,
            "old-shapes" => {
                options.old_shapes = true;
                continue;
            }
            "dialect" => {
                let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(value);
                let dialect = Dialect::from_xsd(&fs::read(schema).unwrap()).unwrap();
                options.dialect = Some(Arc::new(dialect));
                continue;
            }
            other => panic!("{}: there is no option {other}", case.display()),
        };
        *limit = value.parse().unwrap();
    }
    options
}
