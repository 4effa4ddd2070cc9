// SPDX-License-Identifier: AGPL-3.0-or-later
use crate::OauthError;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use medmij_types::OsEntropy;

use super::*;

#[test]
fn a_changed_byte_is_noticed() {
    let ring = LocalKeyRing::ephemeral(&OsEntropy).unwrap();
    let sealed = ring.seal(b"x", b"c", &OsEntropy).unwrap();
    for i in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[i] ^= 1;
        assert!(ring.open(&changed, b"c").is_err(), "{i}");
        assert!(ring.open(&sealed[..i], b"c").is_err(), "{i}");
    }
}

#[test]
fn what_is_sealed_says_by_which_key_and_an_index_by_which_version() {
    let key = |n| SealingKey::from_bytes([n; 32]);
    let ring = LocalKeyRing::new(70_000, key(1), key(2))
        .with_index(3, key(3))
        .with_index(2, key(4));
    let sealed = ring.seal(b"x", b"c", &OsEntropy).unwrap();
    assert_eq!(
        (key_of(&sealed), key_of(&[]), key_of(b"\x02abcdef")),
        (Some(70_000), None, None)
    );
    assert_eq!(ring.keys(), RingKeys::new(70_000, 3, vec![70_000], vec![1, 2, 3]));
    let bsn = Bsn::parse("999990019").unwrap();
    let versions = |ring: &LocalKeyRing| -> Vec<u32> {
        let all = ring.indexes(&bsn).unwrap();
        all.iter().map(PersoonIndex::version).collect()
    };
    assert_eq!(versions(&ring), [3, 2, 1]);
    assert_eq!(ring.index(&bsn).unwrap(), ring.indexes(&bsn).unwrap()[0]);
    // the current one cannot be taken away
    assert_eq!(versions(&ring.without_index(3).without_index(1)), [3, 2]);
}

#[test]
fn a_format_of_later_is_no_broken_value() {
    let ring = LocalKeyRing::ephemeral(&OsEntropy).unwrap();
    let mut sealed = ring.seal(b"x", b"c", &OsEntropy).unwrap();
    sealed[0] = 2;
    assert_eq!(ring.open(&sealed, b"c").unwrap_err(), SealError::Version { format: 2 });
}

#[test]
fn a_key_file_is_read_or_names_its_line() {
    let key = URL_SAFE_NO_PAD.encode([5; 32]);
    let good = format!("# keys\n\nseal 1 {key}\n seal 9 {key}\nindex 2 {key}\n");
    let ring = LocalKeyRing::from_text(&good).unwrap();
    assert_eq!(ring.keys(), RingKeys::new(9, 2, vec![1, 9], vec![2]));
    let short = URL_SAFE_NO_PAD.encode([5; 31]);
    for (bad, error) in [
        (String::new(), OauthError::KeyFileLacking),
        (format!("seal 1 {key}"), OauthError::KeyFileLacking),
        (format!("index 1 {key}"), OauthError::KeyFileLacking),
        (format!("seal 1 {short}"), OauthError::KeyFileLine(1)),
        (format!("\nseal x {key}"), OauthError::KeyFileLine(2)),
        (format!("open 1 {key}"), OauthError::KeyFileLine(1)),
        (format!("seal 1 {key} x"), OauthError::KeyFileLine(1)),
        (format!("seal 1 {key}\nseal 1 {key}"), OauthError::KeyFileTwice(2)),
    ] {
        assert_eq!(LocalKeyRing::from_text(&bad).unwrap_err(), error, "{bad}");
    }
}

#[test]
fn the_index_is_stable_and_keyed() {
    let (a, b) = (Bsn::parse("999990019").unwrap(), Bsn::parse("999990019").unwrap());
    let ring = LocalKeyRing::ephemeral(&OsEntropy).unwrap();
    let other = LocalKeyRing::ephemeral(&OsEntropy).unwrap();
    assert!(ring.index(&a).unwrap() == ring.index(&b).unwrap());
    assert!(ring.index(&a).unwrap() != other.index(&a).unwrap());
    // uses are apart from each other, and from a BSN
    let of = |ring: &LocalKeyRing, purpose: &str, value: &str| ring.fingerprint(purpose, value.as_bytes()).unwrap();
    assert!(of(&ring, "a", "bc") == of(&ring, "a", "bc"));
    for other in [
        of(&ring, "ab", "c"),
        of(&ring, "b", "bc"),
        of(&other, "a", "bc"),
        ring.index(&a).unwrap(),
    ] {
        assert!(of(&ring, "a", "bc") != other);
    }
}
