// SPDX-License-Identifier: AGPL-3.0-or-later
//! Delen over the whole network: what the hospital took is in its source system, with where it came from.
#![allow(clippy::unwrap_used)] // also in the helpers

use demo::{delen, network::Network, persoon, roles::Roles};
use medmij_fhir::{FhirVersion, Limits, check};

#[tokio::test(flavor = "multi_thread")]
async fn core_dossier_102_a_measurement_is_shared_with_its_source_and_context() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::build(folder.path()).unwrap();
    let roles = Roles::start(&network).await.unwrap();
    let copy = folder.path().join("gegevens");
    persoon::collects_and_stores(&network.start, &copy).await.unwrap();
    let entries = delen::shares_a_measurement(&network, &copy).await.unwrap();
    roles.stop().await;

    let results: Vec<_> = entries
        .iter()
        .map(|entry| (entry.resource_type.as_str(), entry.status, entry.accepted))
        .collect();
    assert_eq!(
        results,
        [("Patient", Some(201), true), ("Observation", Some(201), true)]
    );

    let received = network.dvzas[0]
        .node
        .folder
        .join("ontvangen/ziekenhuisdelinde/willemijn-hofstra/53");
    let mut files: Vec<_> = std::fs::read_dir(received)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let name = |path: &std::path::PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    assert_eq!(files.len(), 2, "{files:?}");
    let text = std::fs::read_to_string(&files[0]).unwrap();
    assert!(name(&files[0]).starts_with("Observation-"), "{files:?}");
    assert!(
        text.contains("Overgenomen uit huisartsdewilg@medmij, Basisgegevens Zorg (48)."),
        "{text}"
    );
    // about the Patient that was stored beside it
    let patient = name(&files[1]).replace("Patient-", "Patient/").replace(".json", "");
    assert!(text.contains(&patient), "{patient} in {text}");
    for file in &files {
        let findings = check::document(&std::fs::read(file).unwrap(), FhirVersion::Stu3, &Limits::default()).unwrap();
        assert!(findings.is_empty(), "{findings:?}");
    }
}
