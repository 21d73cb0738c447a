//! Packages of implementation guides, real ones and hostile ones.

use bytes::Bytes;
use fhir::conformance::package::{Error, Limits};
use fhir::conformance::{Package, Source};
use fhir::definitions::ResourceType;
use flate2::{Compression, write::GzEncoder};
use testkit::outside;

const PATIENT: &str = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient";
const R4: &str =
    r#"{"name":"a.b","version":"1.0.0","fhirVersions":["4.0.1"],"dependencies":{"c.d":"2.0.0"}}"#;

fn us_core(version: &str) -> Option<Vec<u8>> {
    let path = outside::shared(&format!("packages/hl7.fhir.us.core-{version}.tgz"))?;
    Some(std::fs::read(path).expect("a readable package"))
}

fn count(package: &Package, resource_type: &str) -> usize {
    package.canonicals(ResourceType::from_name(resource_type).expect("a type")).len()
}

fn tgz(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, path, *content).expect("memory");
    }
    archive.into_inner().and_then(GzEncoder::finish).expect("memory")
}

#[test]
fn us_core_is_found_by_canonical() {
    let definition = ResourceType::from_name("StructureDefinition").expect("a type");
    for (version, structures, value_sets) in [("3.1.1", 30, 32), ("6.1.0", 59, 36)] {
        let Some(bytes) = us_core(version) else { continue };
        let package = Package::from_tgz(&bytes, &Limits::default()).expect("a package");
        assert_eq!(
            (package.manifest().name.as_str(), package.manifest().version.as_str()),
            ("hl7.fhir.us.core", version)
        );
        assert!(package.manifest().dependencies.contains(&("hl7.fhir.r4.core".into(), "4.0.1".into())));
        assert_eq!(
            (count(&package, "StructureDefinition"), count(&package, "ValueSet")),
            (structures, value_sets)
        );
        assert!(count(&package, "SearchParameter") > 50);
        assert_eq!(count(&package, "Patient"), 0);
        assert!(package.find(definition, PATIENT, None).is_some());
        assert!(package.find(definition, PATIENT, Some(version)).is_some());
        assert!(package.find(definition, PATIENT, Some("0.1")).is_none());
    }
}

#[test]
fn an_unpacked_folder_is_the_same() {
    let value_set = br#"{"resourceType":"ValueSet","url":"http://a/b"}"#;
    for top in ["", "package/"] {
        let files = [
            (format!("{top}ValueSet-a.json"), Bytes::from_static(value_set)),
            (format!("{top}package.json"), Bytes::from_static(R4.as_bytes())),
            (format!("{top}example/broken.json"), Bytes::from_static(b"{")),
            (format!("{top}.index.json"), Bytes::from_static(b"{")),
            (format!("{top}spec.internals"), Bytes::from_static(b"?")),
        ];
        let package = Package::from_files(files, &Limits::default()).expect("a package");
        assert_eq!(count(&package, "ValueSet"), 1);
        assert_eq!(package.manifest().dependencies, [("c.d".to_owned(), "2.0.0".to_owned())]);
    }
}

#[test]
fn what_is_no_package_for_r4_is_refused() {
    let read = |files: &[(&str, &[u8])]| Package::from_tgz(&tgz(files), &Limits::default()).err();
    assert!(matches!(Package::from_tgz(b"no archive", &Limits::default()), Err(Error::NotAnArchive { .. })));
    assert_eq!(read(&[("package/a.json", b"{}")]), Some(Error::NoManifest));
    assert!(matches!(read(&[("package/package.json", b"{")]), Some(Error::Json { .. })));
    assert_eq!(read(&[("package/package.json", b"{}")]), Some(Error::ManifestField { field: "name" }));
    let stu3 = br#"{"name":"a","version":"1","fhirVersions":["3.0.2"]}"#;
    let message = read(&[("package/package.json", stu3)]).map(|error| error.to_string());
    let expected = "a 1 is made for FHIR 3.0.2; only packages for FHIR R4 (4.0.x) can be loaded";
    assert_eq!(message.as_deref(), Some(expected));
    let silent = br#"{"name":"a","version":"1"}"#;
    assert!(matches!(read(&[("package/package.json", silent)]), Some(Error::NotR4 { .. })));
}

#[test]
fn size_count_and_paths_are_bounded() {
    let limits =
        Limits { unpacked_bytes_max: 100_000, file_bytes_max: 1000, files_max: 3, path_bytes_max: 200 };
    let read = |files: &[(&str, &[u8])]| Package::from_tgz(&tgz(files), &limits).err();
    let bomb = vec![b' '; 1_000_000];
    assert_eq!(read(&[("package/other/bomb.bin", &bomb)]), Some(Error::TooLarge { max: 100_000 }));
    let long = "a".repeat(300);
    assert!(matches!(read(&[(&long, b"")]), Some(Error::PathTooLong { max: 200, .. })));
    assert!(matches!(
        read(&[("package/a.json", &bomb[..2000])]),
        Some(Error::FileTooLarge { max: 1000, .. })
    ));
    let empty: &[u8] = b"";
    assert_eq!(
        read(&[("a", empty), ("b", empty), ("c", empty), ("d", empty)]),
        Some(Error::TooManyFiles { max: 3 })
    );
    assert_eq!(read(&[("package/package.json", R4.as_bytes())]), None);
}

#[test]
fn a_truncated_archive_is_an_error() {
    let whole = tgz(&[("package/package.json", R4.as_bytes())]);
    for end in [whole.len() / 2, whole.len() - 9] {
        assert!(Package::from_tgz(&whole[..end], &Limits::default()).is_err());
    }
}
