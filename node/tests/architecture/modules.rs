//! Which module of a crate names which other, as the sources say it: `crate::name`, lists in braces, `super::` up to the root, and
//! names that the root passes on (`crate::Error`). Only the modules below the root count, each with all that is in it.

use super::{
    code::{code, is_of_a_name, paths, tree, without_tests},
    sources,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Module → module it names → the files that do.
pub type Arrows = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

struct Source {
    file: String,
    /// Its modules from the root down; of the root itself none.
    module: Vec<String>,
    code: String,
}

/// Of the crate with those sources.
pub fn arrows(src: &Path) -> Arrows {
    between(&read(src))
}

/// Each file of a crate's sources and the code in it, without comments, quoted text and tests.
pub fn code_of(src: &Path) -> Vec<(String, String)> {
    read(src).into_iter().map(|source| (source.file, source.code)).collect()
}

fn read(src: &Path) -> Vec<Source> {
    let files = sources(src).into_iter().map(|(path, text)| {
        let file = path.strip_prefix(src).expect("below the sources").display().to_string();
        (file, text)
    });
    without_test_files(files.collect())
}

/// Files that are there for tests only left out, and what is for tests in the others.
fn without_test_files(files: Vec<(String, String)>) -> Vec<Source> {
    let mut tests = vec![];
    let mut found = vec![];
    for (file, text) in files {
        let module = module_of(&file);
        let all = code(&text);
        let (code, names) = without_tests(&all);
        tests.extend(names.into_iter().map(|name| [module.as_slice(), &[name.to_owned()]].concat()));
        found.push(Source { file, module, code });
    }
    found.retain(|source| !tests.iter().any(|test| source.module.starts_with(test)));
    found
}

/// `a/b.rs` and `a/b/mod.rs` are `a::b`; `lib.rs` and `main.rs` are roots.
fn module_of(file: &str) -> Vec<String> {
    let mut module: Vec<_> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    let is_root = module.len() == 1 && matches!(module[0].as_str(), "lib" | "main");
    if is_root || module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

fn between(sources: &[Source]) -> Arrows {
    let tops: BTreeSet<_> = sources.iter().filter_map(|source| source.module.first()).cloned().collect();
    let passed_on = passed_on(sources, &tops);
    let mut arrows = Arrows::new();
    for source in sources {
        let Some(from) = source.module.first() else { continue };
        for name in names_at_the_root(&source.code, source.module.len()) {
            let to = tops.get(&name).or_else(|| passed_on.get(&name));
            if let Some(to) = to.filter(|&to| to != from) {
                let files = arrows.entry(from.clone()).or_default().entry(to.clone()).or_default();
                files.insert(source.file.clone());
            }
        }
    }
    arrows
}

/// Names that the root has from its modules, each with the module it is from.
fn passed_on(sources: &[Source], tops: &BTreeSet<String>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for root in sources.iter().filter(|source| source.file == "lib.rs") {
        for (at, _) in root.code.match_indices("use ") {
            let statement = root.code[at + 4..].split(';').next().unwrap_or_default();
            for path in paths(statement) {
                let path = path.trim_start_matches("crate::").trim_start_matches("self::");
                let first = path.split("::").next().unwrap_or_default();
                let name = path.rsplit([':', ' ']).next().unwrap_or_default();
                if tops.contains(first) {
                    found.insert(name.to_owned(), first.to_owned());
                }
            }
        }
    }
    found
}

/// Whether the code names that item of a module of the root, by itself or in a list.
pub fn names_item(code: &str, module: &str, item: &str) -> bool {
    let start = format!("{module}::");
    code.match_indices(&start).any(|(at, _)| {
        let is_other = code[..at].ends_with(|c: char| is_of_a_name(c)) || code[..at].ends_with("search::");
        let named = paths(tree(&code[at + start.len()..]));
        !is_other && named.iter().any(|path| path.split([':', ' ']).next() == Some(item))
    })
}

/// The first names of all paths from the root, in the code of a module that is so many levels below it.
fn names_at_the_root(code: &str, levels: usize) -> Vec<String> {
    let mut found = vec![];
    for start in ["crate::", &"super::".repeat(levels)] {
        for (at, _) in code.match_indices(start) {
            let goes_on = code[..at].ends_with(|c: char| is_of_a_name(c) || c == ':');
            if !goes_on {
                found.extend(paths(tree(&code[at + start.len()..])));
            }
        }
    }
    let first = |path: String| path.split([':', ' ']).next().unwrap_or_default().to_owned();
    found.into_iter().map(first).collect()
}

/// The sets of modules of which each reaches each.
pub fn circles(arrows: &Arrows) -> BTreeSet<BTreeSet<&str>> {
    let ways: BTreeMap<_, _> = arrows.keys().map(|from| (from.as_str(), reached(arrows, from))).collect();
    let mut found = BTreeSet::new();
    for (from, ends) in &ways {
        let leads_back = |end: &&str| ways.get(end).is_some_and(|ends| ends.contains(from));
        let circle: BTreeSet<_> = ends.iter().copied().filter(leads_back).collect();
        if !circle.is_empty() {
            found.insert(circle);
        }
    }
    found
}

fn reached<'a>(arrows: &'a Arrows, from: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(module) = waiting.pop() {
        for to in arrows.get(module).into_iter().flat_map(BTreeMap::keys) {
            if found.insert(to.as_str()) {
                waiting.push(to);
            }
        }
    }
    found
}

/// The arrows between modules of a circle, a line each.
pub fn described(arrows: &Arrows, circle: &BTreeSet<&str>) -> String {
    let all = arrows.iter().flat_map(|(from, ends)| ends.iter().map(move |(to, files)| (from, to, files)));
    let mut lines = vec![];
    for (from, to, files) in all {
        let ends = [from.as_str(), to.as_str()];
        let is_of_the_circle = ends.iter().all(|end| circle.contains(end));
        if is_of_the_circle {
            let files: Vec<_> = files.iter().map(String::as_str).collect();
            lines.push(format!("  {from} → {to}: {}", files.join(", ")));
        }
    }
    lines.join("\n")
}

#[test]
fn arrows_are_read_out_of_the_code_alone() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d; #[cfg(test)] mod t; pub use c::{C, inner::D as Other};"),
        ("a/mod.rs", "//! crate::c\n#[cfg(test)]\nmod samples;\nuse crate::{b::{X, y}, Other as O};\n"),
        (
            "a/inner.rs",
            "const T: &str = r#\"crate::c\"#; fn f<'a>() -> char { '\"' } use super::super::d::{E};",
        ),
        ("a/samples.rs", "use crate::c::D;"),
        ("b.rs", "use super::d; /* crate::a */ #[cfg(test)] mod tests { use crate::a::{Y}; }"),
        ("c.rs", "fn f() { let _ = '\\''; \"\\\"crate::a\"; crate::a::g(); mycrate::b::g() }"),
        ("d.rs", "#[cfg(test)] use crate::c; use std::d;"),
        ("t.rs", "use crate::a; use crate::b;"),
    ];
    let files = files.map(|(file, text)| (file.to_owned(), text.to_owned()));
    let arrows = between(&without_test_files(files.to_vec()));
    let all = arrows.iter().flat_map(|(from, to)| to.keys().map(move |to| format!("{from}{to}")));
    assert_eq!(all.collect::<Vec<_>>(), ["ab", "ac", "ad", "bd", "ca"]);
    let circle = BTreeSet::from(["a", "c"]);
    assert_eq!(circles(&arrows), BTreeSet::from([circle.clone()]));
    let code = "use crate::{engine::{Engine, Turn}, x}; use search::engine::Shard;";
    assert!(names_item(code, "engine", "Engine") && names_item("engine::Engine::new()", "engine", "Engine"));
    assert!(!names_item(code, "engine", "Shard") && !names_item("my_engine::Engine", "engine", "Engine"));
    assert_eq!(described(&arrows, &circle), "  a → c: a/mod.rs\n  c → a: c.rs");
}
