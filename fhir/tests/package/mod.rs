//! Reads HL7's packages where the build keeps them.

use std::io::Read;
use std::path::PathBuf;

/// The files of `NAME-4.0.1.tgz` whose name ends with `suffix`, by name without it; `None`, saying so, without the package.
pub fn files(name: &str, suffix: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let home = std::env::var_os("HOME").map(PathBuf::from)?;
    let path = home.join(format!(".cache/salamander/packages/{name}-4.0.1.tgz"));
    let Ok(file) = std::fs::File::open(&path) else {
        println!("SKIPPED: no {} (npm pack {name}@4.0.1)", path.display());
        return None;
    };
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
