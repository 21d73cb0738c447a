//! Reads HL7's packages.

use std::io::Read;

/// The files of `NAME-4.0.1.tgz` whose name ends with `suffix`, by name without it; `None`, saying so, without the package.
pub fn files(name: &str, suffix: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let path = testkit::outside::package(&format!("{name}-4.0.1"))?;
    let file = std::fs::File::open(path).expect("a readable package");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let mut files = Vec::new();
    for entry in archive.entries().expect("a tar archive") {
        let mut entry = entry.expect("a tar archive");
        let path = entry.path().expect("a path").into_owned();
        let Some(stem) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(suffix)) else {
            continue;
        };
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("a whole file");
        files.push((stem.to_owned(), bytes));
    }
    files.sort();
    Some(files)
}
