//! What the repository's own texts promise about files: decision records are dated and name files that are here, and no source
//! names a folder of one machine.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells it"))
        .parent()
        .expect("node is in the workspace")
        .to_owned()
}

/// Every file of the repository, relative to it; build output and git's own left out.
fn files() -> BTreeSet<String> {
    let walk = walkdir::WalkDir::new(root()).into_iter().filter_entry(|entry| {
        let name = entry.file_name();
        name != "target" && name != ".git" && name != "artifacts"
    });
    let paths = walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    let relative =
        paths.map(|entry| entry.path().strip_prefix(root()).expect("below the root").display().to_string());
    relative.collect()
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The parts of a text between backticks that look like a file.
fn named_files(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|part| {
        let ending = Path::new(part).extension().and_then(|ending| ending.to_str());
        part.starts_with("../")
            || matches!(ending, Some("md" | "rs" | "txt" | "json" | "toml" | "gz" | "proto"))
    })
}

/// `# NNNN: title (YYYY-MM-DD)`.
fn is_title(line: &str, number: &str) -> bool {
    let date = line.rsplit_once(" (").and_then(|(_, date)| date.strip_suffix(')')).unwrap_or_default();
    let is_date = date.len() == 10
        && date.char_indices().all(|(at, c)| if matches!(at, 4 | 7) { c == '-' } else { c.is_ascii_digit() });
    line.starts_with(&format!("# {number}: ")) && is_date
}

#[test]
fn decision_records_are_dated_and_name_files_that_are_here() {
    let files = files();
    let records: Vec<_> =
        files.iter().filter(|file| file.contains("/decisions/") && file.ends_with(".md")).collect();
    assert!(records.len() >= 11, "{records:?}");
    let mut wrong = vec![];
    for record in records {
        let text = read(record);
        let name = record.rsplit('/').next().expect("a name");
        if !is_title(text.lines().next().unwrap_or_default(), &name[..4]) {
            wrong.push(format!("{record} must begin `# {}: title (YYYY-MM-DD)`", &name[..4]));
        }
        for named in named_files(&text) {
            let is_here = |file: &String| file == named || file.ends_with(&format!("/{named}"));
            if !files.iter().any(is_here) {
                wrong.push(format!("{record} names {named}, which is not in the repository"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_source_names_a_folder_of_one_machine() {
    let mut wrong = vec![];
    for file in files().iter().filter(|file| file.ends_with(".rs") && !file.ends_with("tests/repository.rs"))
    {
        let text = read(file);
        for folder in ["/work/", "/home/", "/root/"] {
            let named = text.match_indices(folder).any(|(at, _)| text[..at].ends_with(['"', '`', ' ']));
            if named {
                wrong.push(format!("{file} names {folder}; use testkit::outside or a path below the crate"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Clones share one target folder, and cargo takes for fresh what was built at another path: the path in it is that one.
#[test]
fn no_source_compiles_its_path_in() {
    let compiled_in = concat!("env!(\"CARGO_MANIFEST", "_DIR\")");
    let sources = files().into_iter().filter(|file| file.ends_with(".rs"));
    let wrong: Vec<_> = sources.filter(|file| read(file).contains(compiled_in)).collect();
    assert!(wrong.is_empty(), "ask std::env::var(\"CARGO_MANIFEST_DIR\") at run time: {wrong:?}");
}
