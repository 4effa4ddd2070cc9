// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC 6902 by its own rules: each operation, and what is refused.

use super::{JsonPatch, PatchError};
use crate::limits::Limits;
use crate::resource::Resource;

const TASK: &str = r#"{"resourceType":"Task","id":"t","status":"ready","note":[{"text":"een"},{"text":"twee"}],"x":{"n":1.50,"a/b":"s","~":null}}"#;

fn patched(patch: &str) -> Result<String, PatchError> {
    let limits = Limits::default();
    let task = Resource::parse(TASK.as_bytes(), &limits).unwrap();
    let patch = JsonPatch::parse(patch.as_bytes(), &limits)?;
    patch.apply(&task, &limits).map(|task| task.as_str().to_owned())
}

#[test]
fn rfc_6902_each_operation_changes_what_it_names_and_nothing_else() {
    for (patch, old, new) in [
        (
            r#"{"op":"replace","path":"/status","value":"completed"}"#,
            r#""ready""#,
            r#""completed""#,
        ),
        (
            r#"{"op":"add","path":"/status","value":"failed"}"#,
            r#""ready""#,
            r#""failed""#,
        ),
        (
            r#"{"op":"add","path":"/priority","value":"asap"}"#,
            "null}}",
            r#"null},"priority":"asap"}"#,
        ),
        (
            r#"{"op":"add","path":"/note/-","value":{"text":"drie"}}"#,
            r#""twee"}]"#,
            r#""twee"},{"text":"drie"}]"#,
        ),
        (
            r#"{"op":"add","path":"/note/0","value":{"text":"nul"}}"#,
            r#"[{"text":"een"}"#,
            r#"[{"text":"nul"},{"text":"een"}"#,
        ),
        (
            r#"{"op":"add","path":"/note/2","value":{}}"#,
            r#""twee"}]"#,
            r#""twee"},{}]"#,
        ),
        (r#"{"op":"remove","path":"/note/0"}"#, r#"{"text":"een"},"#, ""),
        (r#"{"op":"remove","path":"/note/1"}"#, r#",{"text":"twee"}"#, ""),
        (
            r#"{"op":"remove","path":"/note"}"#,
            r#""note":[{"text":"een"},{"text":"twee"}],"#,
            "",
        ),
        (r#"{"op":"remove","path":"/x/~0"}"#, r#","~":null"#, ""),
        (r#"{"op":"replace","path":"/x/a~1b","value":7.00}"#, r#""s""#, "7.00"),
        (
            r#"{"op":"copy","from":"/note/0/text","path":"/x/n"}"#,
            "1.50",
            r#""een""#,
        ),
        (r#"{"op":"move","from":"/x/n","path":"/note/0/n"}"#, "", ""),
        (
            r#"{"op":"test","path":"/x","value":{"~":null,"n":1.5,"a\/b":"s"}}"#,
            "",
            "",
        ),
        (r#"{"op":"test","path":"/note/1/text","value":"tw\u0065e"}"#, "", ""),
    ] {
        let expected = if patch.contains("\"move\"") {
            r#"{"resourceType":"Task","id":"t","status":"ready","note":[{"text":"een","n":1.50},{"text":"twee"}],"x":{"a/b":"s","~":null}}"#.to_owned()
        } else {
            TASK.replacen(old, new, usize::from(!old.is_empty()))
        };
        assert_eq!(patched(&format!("[{patch}]")), Ok(expected), "{patch}");
    }
    // one after the other
    let both = r#"[{"op":"test","path":"/status","value":"ready"},{"op":"replace","path":"/status","value":"in-progress"},
        {"op":"test","path":"/status","value":"in-progress"}]"#;
    assert!(patched(both).unwrap().contains(r#""status":"in-progress""#));
}

#[test]
fn rfc_6902_what_cannot_be_done_is_refused_and_nothing_changes() {
    use PatchError::{Identity, Malformed, Path, Status, Test};
    for (patch, expected) in [
        ("{}", Malformed(0)),
        ("[]", Malformed(0)),
        ("[1]", Malformed(0)),
        (r#"[{"op":"replace","path":"/status"}]"#, Malformed(0)),
        (r#"[{"op":"replace","path":"status","value":1}]"#, Malformed(0)),
        (r#"[{"op":"replace","path":"/a~2","value":1}]"#, Malformed(0)),
        (r#"[{"op":"spring","path":"/status","value":1}]"#, Malformed(0)),
        (
            r#"[{"op":"test","path":"/status","value":"ready"},{"op":"move","path":"/a"}]"#,
            Malformed(1),
        ),
        (r#"[{"op":"replace","path":"/priority","value":1}]"#, Path(0)),
        (r#"[{"op":"remove","path":"/note/2"}]"#, Path(0)),
        (r#"[{"op":"remove","path":""}]"#, Path(0)),
        (r#"[{"op":"add","path":"/note/3","value":1}]"#, Path(0)),
        (r#"[{"op":"add","path":"/note/01","value":1}]"#, Path(0)),
        (r#"[{"op":"add","path":"/status/x","value":1}]"#, Path(0)),
        (r#"[{"op":"add","path":"/a/b","value":1}]"#, Path(0)),
        (r#"[{"op":"move","from":"/x","path":"/x/y"}]"#, Path(0)),
        (r#"[{"op":"copy","from":"/weg","path":"/x/y"}]"#, Path(0)),
        (r#"[{"op":"test","path":"/status","value":"completed"}]"#, Test(0)),
        (
            r#"[{"op":"test","path":"/note","value":[{"text":"twee"},{"text":"een"}]}]"#,
            Test(0),
        ),
        (r#"[{"op":"replace","path":"/status","value":"klaar"}]"#, Status),
        (r#"[{"op":"remove","path":"/status"}]"#, Status),
        (r#"[{"op":"replace","path":"/id","value":"u"}]"#, Identity),
        (r#"[{"op":"replace","path":"/resourceType","value":"Flag"}]"#, Identity),
    ] {
        assert_eq!(patched(patch), Err(expected), "{patch}");
    }
    assert!(matches!(patched("[{"), Err(PatchError::Json(_))));
    assert!(matches!(
        patched(r#"[{"op":"replace","path":"","value":1}]"#),
        Err(PatchError::Json(_))
    ));
    let many = format!("[{}]", vec![r#"{"op":"test","path":"/id","value":"t"}"#; 101].join(","));
    assert_eq!(patched(&many), Err(Malformed(0)));
}
