// SPDX-License-Identifier: AGPL-3.0-or-later
use super::*;
use medmij_test::{LeafSpec, TestIdentity, TestPki};
use std::sync::{Arc, Mutex};

fn write(folder: &Path, pki: &TestPki, node: &TestIdentity) {
    fs::write(folder.join("chain"), node.chain_pem()).unwrap();
    fs::write(folder.join("key"), node.key_pem()).unwrap();
    fs::write(folder.join("roots"), pki.roots_pem()).unwrap();
}

#[test]
fn r16_a_new_file_is_taken_and_a_broken_one_keeps_the_old() {
    let folder = tempfile::tempdir().unwrap();
    let pki = TestPki::new("A").unwrap();
    let (one, two) = (
        pki.issue(&LeafSpec::node("een.nl")).unwrap(),
        pki.issue(&LeafSpec::node("twee.nl")).unwrap(),
    );
    write(folder.path(), &pki, &one);
    let path = |name: &str| folder.path().join(name);
    let mut files = CredentialFiles::new(path("chain"), path("key"), path("roots")).danger_no_revocation();
    let taken = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&taken);
    let mut apply = move |new: &Credentials| {
        list.lock().unwrap().push(new.identity.names().to_string());
        Ok(())
    };
    files.step(&mut apply);
    files.step(&mut apply);
    // Half replaced: the key does not belong to the chain yet.
    fs::write(path("chain"), two.chain_pem()).unwrap();
    assert!(matches!(files.load(), Err(FileError::Config { .. })));
    files.step(&mut apply);
    fs::write(path("key"), two.key_pem()).unwrap();
    files.step(&mut apply);
    fs::remove_file(path("roots")).unwrap();
    assert!(matches!(files.load(), Err(FileError::Read { .. })));
    files.step(&mut apply);
    assert_eq!(*taken.lock().unwrap(), ["een.nl", "twee.nl"]);
}

#[test]
fn w8_crls_are_read_in_der_and_pem_from_a_file_or_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let pki = TestPki::new("A").unwrap();
    write(folder.path(), &pki, &pki.issue(&LeafSpec::node("een.nl")).unwrap());
    let path = |name: &str| folder.path().join(name);
    let crls = pki.crls(&[]).unwrap();
    fs::create_dir(path("crls")).unwrap();
    fs::write(path("crls/1.crl"), &crls[0]).unwrap();
    fs::write(path("crls/2.crl"), &crls[1]).unwrap();
    fs::write(path("crls/readme.txt"), "geen crl").unwrap();
    for (given, count) in [("crls", 2), ("crls/1.crl", 1)] {
        let files = CredentialFiles::new(path("chain"), path("key"), path("roots")).crls_hard_fail(path(given));
        let revocation = files.load().unwrap().revocation;
        assert_eq!(revocation.digests().count(), count, "{given}");
    }
    fs::write(path("crls/3.crl"), "geen crl").unwrap();
    let files = CredentialFiles::new(path("chain"), path("key"), path("roots")).crls_hard_fail(path("crls/3.crl"));
    let error = files.load().unwrap_err();
    let text = std::error::Error::source(&error)
        .map(ToString::to_string)
        .unwrap_or_default();
    assert!(text.contains("no crl") && !text.contains("danger_off"), "{text}");
}

#[test]
fn w8_files_without_a_revocation_policy_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pki = TestPki::new("A").unwrap();
    write(folder.path(), &pki, &pki.issue(&LeafSpec::node("een.nl")).unwrap());
    let path = |name: &str| folder.path().join(name);
    let files = CredentialFiles::new(path("chain"), path("key"), path("roots"));
    assert!(matches!(files.load(), Err(FileError::NoRevocation)));
    let files = files.crls_hard_fail(path("roots"));
    assert!(matches!(
        files.load(),
        Err(FileError::Config {
            source: ConfigError::NoCrl,
            ..
        })
    ));
}
