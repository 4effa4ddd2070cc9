// SPDX-License-Identifier: AGPL-3.0-or-later
use super::*;
use crate::dossier::{ExportSigner, ExportVerifier};
use sha2::{Digest as _, Sha256};

struct Instance(&'static str);

impl ExportSigner for Instance {
    fn key_id(&self) -> &str {
        self.0
    }
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        Sha256::new()
            .chain_update(self.0)
            .chain_update(message)
            .finalize()
            .to_vec()
    }
}

impl ExportVerifier for Instance {
    fn verify(&self, key_id: &str, message: &[u8], signature: &[u8]) -> bool {
        key_id == self.0 && self.sign(message) == signature
    }
}

const BYTES: &[u8] = br#"{"resourceType":"Observation","valueQuantity":{"value":1.00}}"#;

fn collected(bytes: &[u8]) -> StoredEntry {
    let context = Context::new("48".parse().unwrap(), "Basisgegevens Zorg".parse().unwrap());
    let redacted = ["Patient.identifier[0].value"];
    StoredEntry::collected(
        bytes.to_vec(),
        "een@medmij".parse().unwrap(),
        context,
        SystemTime::UNIX_EPOCH,
        redacted,
    )
}

#[test]
fn core_dossier_104_an_edit_shows_and_undoing_it_shows_too() {
    let kept = collected(BYTES);
    assert!(matches!(kept.origin(), Origin::Unchanged(_)));
    let edited = kept.edit(b"{}".to_vec());
    assert!(matches!(edited.origin(), Origin::Changed(from) if from.source().as_str() == "een@medmij"));
    assert!(matches!(edited.edit(BYTES.to_vec()).origin(), Origin::Unchanged(_)));
    assert_eq!(StoredEntry::own(BYTES.to_vec()).origin(), Origin::Own);
}

#[test]
fn core_dossier_102_a_store_keeps_every_digit_and_the_origin() {
    for bytes in [BYTES, b"\xff\xfe%PDF", b"", "é\u{0}".as_bytes()] {
        let kept = collected(bytes);
        assert_eq!(StoredEntry::from_stored(&kept.to_stored()), Ok(kept));
    }
    assert_eq!(StoredEntry::from_stored(b"{}"), Err(StoredEntryError::Form));
}

#[test]
fn core_dossier_101_102_at_delen_source_and_context_travel_along() {
    let kept = collected(BYTES);
    let share = kept.share();
    let (source, context) = share.origin.unwrap();
    assert_eq!(
        (source.as_str(), context.id().as_str(), share.unchanged),
        ("een@medmij", "48", true)
    );
    let edited = kept.edit(b"{}".to_vec());
    assert!(edited.share().origin.is_some() && !edited.share().unchanged);
    assert_eq!(StoredEntry::own(Vec::new()).share().origin, None);
}

#[test]
fn core_dossier_102_an_import_holds_only_with_the_signature_of_a_trusted_instance() {
    let (ours, other) = (Instance("a"), Instance("b"));
    let exported = collected(BYTES).export(&ours);
    assert!(matches!(
        StoredEntry::import(&exported, &ours).unwrap().origin(),
        Origin::Unchanged(_)
    ));
    let foreign = StoredEntry::import(&exported, &other).unwrap();
    assert_eq!(foreign.origin(), Origin::NotProven);
    assert_eq!(foreign.claimed().unwrap().source().as_str(), "een@medmij");
    assert_eq!(foreign.share().origin, None);
    // edited before the export: the source would vouch for bytes that it never sent
    let edited = collected(BYTES).edit(b"{}".to_vec()).export(&ours);
    assert_eq!(StoredEntry::import(&edited, &ours).unwrap().origin(), Origin::NotProven);
    // a signature does not cover other bytes
    let mut value: serde_json::Value = serde_json::from_slice(&exported).unwrap();
    let forged = collected(b"{\"forged\":1}").export(&other);
    value["kept"] = serde_json::from_slice::<serde_json::Value>(&forged).unwrap()["kept"].clone();
    let forged = serde_json::to_vec(&value).unwrap();
    assert_eq!(StoredEntry::import(&forged, &ours).unwrap().origin(), Origin::NotProven);
    assert_eq!(StoredEntry::import(b"[]", &ours), Err(StoredEntryError::Form));
}

#[test]
fn core_dossier_102_no_sequence_of_operations_loses_or_invents_an_origin() {
    let operations: u64 = std::env::var("MEDMIJ_OPERATIONS").map_or(2_000, |text| text.parse().unwrap());
    let (ours, other) = (Instance("a"), Instance("b"));
    // xorshift: the sequence is the same each time
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    // what the model knows of each: 0 own, 1 over MedMij, 2 not proven; and the bytes that were collected
    let mut all: Vec<(StoredEntry, u8, Vec<u8>)> = Vec::new();
    for operation in 0..operations {
        let fresh = format!("{{\"n\":{operation}}}").into_bytes();
        if all.len() < 50 {
            let own = next(3) == 0;
            let kept = if own {
                StoredEntry::own(fresh.clone())
            } else {
                collected(&fresh)
            };
            all.push((kept, u8::from(!own), fresh));
            continue;
        }
        let at = usize::try_from(next(50)).unwrap();
        let (kept, mut model, was) = all.swap_remove(at);
        let unchanged = kept.bytes() == was;
        let kept = match next(7) {
            0 => kept.edit(fresh),
            1 => kept.edit(was.clone()),
            2 | 3 => StoredEntry::from_stored(&kept.to_stored()).unwrap(),
            4 => {
                model = if model == 1 && !unchanged { 2 } else { model };
                StoredEntry::import(&kept.export(&ours), &ours).unwrap()
            }
            5 => {
                model = if model == 1 { 2 } else { model };
                StoredEntry::import(&kept.export(&other), &ours).unwrap()
            }
            _ => kept.clone(),
        };
        let expected = match (model, kept.bytes() == was) {
            (0, _) => "own",
            (1, true) => "unchanged",
            (1, false) => "changed",
            _ => "not proven",
        };
        let found = match kept.origin() {
            Origin::Own => "own",
            Origin::Unchanged(_) => "unchanged",
            Origin::Changed(_) => "changed",
            Origin::NotProven => "not proven",
        };
        assert_eq!(found, expected, "operation {operation}");
        if model == 1 {
            assert_eq!(kept.share().origin.unwrap().0.as_str(), "een@medmij");
        }
        all.push((kept, model, was));
        // some leave, so that new ones come
        if next(20) == 0 {
            all.pop();
        }
    }
    println!("{operations} operations, no origin lost or invented");
}
