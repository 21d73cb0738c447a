//! What tests need from outside the repository. A test that lacks it says so where people look and returns; where the data is
//! expected (`SALAMANDER_REQUIRE_DATA`, set by `.ci/run`) it fails instead, so that nothing is left out in silence.

use std::{fs::OpenOptions, io::Write, path::PathBuf};

/// Data that may be expected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The folder `shared` beside the checkout.
    Shared,
    /// What registries have: HL7's packages (`.ci/packages`) and other people's clients (`.ci/clients`).
    Package,
}

/// A file or folder below `$SALAMANDER_SHARED`, else below `../shared` beside the workspace (`data/synthea`). Where it is
/// missing, the answer is `None` and the test is to return.
///
/// # Panics
/// Where it is missing and `SALAMANDER_REQUIRE_DATA` is `1` or `shared`.
pub fn shared(path: &str) -> Option<PathBuf> {
    let named = std::env::var_os("SALAMANDER_SHARED").map(PathBuf::from);
    // The crate whose test asks, as cargo tells it now: a path that was compiled in may be another clone's.
    let asks = || PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| ".".into()));
    let beside = || asks().join("../../shared");
    present(named.unwrap_or_else(beside).join(path), Kind::Shared)
}

/// HL7's package `name` (`hl7.fhir.r4.examples-4.0.1`) as an npm archive in `$SALAMANDER_PACKAGES`, else in
/// `~/.cache/salamander/packages`, where `.ci/packages` puts it. Where it is missing, the answer is `None` and the test is to
/// return.
///
/// # Panics
/// Where it is missing and `SALAMANDER_REQUIRE_DATA` is `1`.
pub fn package(name: &str) -> Option<PathBuf> {
    let folder = cached("SALAMANDER_PACKAGES", "packages");
    present(folder.join(format!("{name}.tgz")), Kind::Package)
}

/// The folder of the clients of others which `.ci/clients` installs: `$SALAMANDER_CLIENTS`, else `~/.cache/salamander/clients`. Those of
/// JavaScript are in its `node_modules`, those of Python known to `py/bin/python`. Where `what` (`npm.txt`, `pip.txt`) does not say that
/// they are there, the answer is `None` and the test is to return.
///
/// # Panics
/// Where it is missing and `SALAMANDER_REQUIRE_DATA` is `1`.
pub fn clients(what: &str) -> Option<PathBuf> {
    let folder = cached("SALAMANDER_CLIENTS", "clients");
    present(folder.join(what), Kind::Package).map(|_| folder)
}

/// What a variable names, else a folder of Salamander's cache.
fn cached(variable: &str, folder: &str) -> PathBuf {
    let home = || std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let named = std::env::var_os(variable).map(PathBuf::from);
    named.unwrap_or_else(|| home().join(".cache/salamander").join(folder))
}

/// Says that the calling test does not run here and why: on stderr, and at the end of `.ci/test`, which names a file for it
/// in `SALAMANDER_SKIPPED`. For what no data can mend, such as a file system that cannot be mounted.
pub fn skip(why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    eprintln!("SKIPPED {test}: {why}");
    let Some(path) = std::env::var_os("SALAMANDER_SKIPPED") else { return };
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| file.write_all(format!("{test}: {why}\n").as_bytes()));
    written.expect("SALAMANDER_SKIPPED names a file that can be written");
}

fn present(path: PathBuf, kind: Kind) -> Option<PathBuf> {
    if path.exists() {
        return Some(path);
    }
    let why = format!("{} is missing", path.display());
    let asked = std::env::var("SALAMANDER_REQUIRE_DATA").unwrap_or_default();
    assert!(!is_expected(&asked, kind), "{why}, and SALAMANDER_REQUIRE_DATA={asked} says that it is there");
    skip(&why);
    None
}

/// What a value of `SALAMANDER_REQUIRE_DATA` asks for.
fn is_expected(asked: &str, kind: Kind) -> bool {
    match asked {
        "" | "0" => false,
        "shared" => kind == Kind::Shared,
        "1" => true,
        other => panic!("SALAMANDER_REQUIRE_DATA is {other:?}; it takes 1, shared or 0"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_follows_the_variable() {
        let kinds = [Kind::Shared, Kind::Package];
        assert_eq!(kinds.map(|kind| is_expected("", kind)), [false, false]);
        assert_eq!(kinds.map(|kind| is_expected("0", kind)), [false, false]);
        assert_eq!(kinds.map(|kind| is_expected("shared", kind)), [true, false]);
        assert_eq!(kinds.map(|kind| is_expected("1", kind)), [true, true]);
    }

    #[test]
    #[should_panic(expected = "takes 1, shared or 0")]
    fn a_misspelt_wish_is_not_taken_for_no() {
        is_expected("yes", Kind::Shared);
    }
}
