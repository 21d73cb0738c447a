//! The checked-in tables are what the generator makes of HL7's package.

#[path = "../generator/archive.rs"]
mod archive;
#[path = "../generator/package.rs"]
mod package;
#[path = "../generator/registry.rs"]
mod registry;
#[path = "../generator/tables.rs"]
mod tables;

use std::io::Read;
use std::path::{Path, PathBuf};

/// `SALAMANDER_R4_PACKAGE`, else where the build keeps packages.
fn package_file() -> Option<PathBuf> {
    let named = std::env::var_os("SALAMANDER_R4_PACKAGE").map(PathBuf::from);
    let cached = || {
        let home = std::env::var_os("HOME").map(PathBuf::from)?;
        Some(home.join(".cache/salamander/packages/hl7.fhir.r4.examples-4.0.1.tgz"))
    };
    named.or_else(cached).filter(|path| path.is_file())
}

#[test]
fn the_checked_in_tables_are_the_generated_ones() -> anyhow::Result<()> {
    let Some(path) = package_file() else {
        println!(
            "SKIPPED: no R4 package (npm pack hl7.fhir.r4.examples@4.0.1; name it in SALAMANDER_R4_PACKAGE)"
        );
        return Ok(());
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("definitions");
    let package = package::read(&path)?;
    for (name, text) in tables::generate(&package, &folder)? {
        assert!(
            std::fs::read_to_string(folder.join(name))? == text,
            "definitions/{name} is not what the generator writes"
        );
    }
    for (name, resources) in
        [("r4/structures.gz", &package.profiles), ("r4/terminology.gz", &package.terminology)]
    {
        let archive = std::fs::read(folder.join(name))?;
        let mut lines = Vec::new();
        flate2::read::GzDecoder::new(&archive[..]).read_to_end(&mut lines)?;
        assert!(lines == archive::lines(resources)?, "definitions/{name} is not what the generator writes");
        assert!(
            archive::compressed(&lines)?.len() > archive.len() / 2,
            "definitions/{name} is hardly compressed"
        );
    }
    Ok(())
}

#[test]
fn a_registry_only_grows() -> anyhow::Result<()> {
    let path = std::env::temp_dir().join(format!("salamander-registry-{}", std::process::id()));
    std::fs::write(&path, "1\tzebra\n2\tant\n")?;
    let names = ["ant", "bee", "owl"].map(str::to_owned).into();
    let extended = registry::extended(&path, &names);
    std::fs::write(&path, "1\tzebra\n3\tant\n")?;
    let broken = registry::extended(&path, &names);
    std::fs::remove_file(&path)?;
    assert_eq!(extended?, "1\tzebra\n2\tant\n3\tbee\n4\towl\n");
    assert!(broken.is_err());
    Ok(())
}
