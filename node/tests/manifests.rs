//! What the manifests name is used, and what they bring along is allowed by `deny.toml`, which `cargo deny` reads, too.

use config::{Config, File, FileFormat, Value as Setting};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Dependencies that only generated code names: crate, dependency.
const NAMED_BY_GENERATED_CODE: &[(&str, &str)] = &[("proto", "tonic-prost")];

fn root() -> PathBuf {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells it"))
        .parent()
        .expect("node is in the workspace")
        .to_owned()
}

fn cargo(arguments: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

/// What cargo knows of the workspace (`--no-deps`) or of all that is built for this platform; never from the network.
fn metadata(arguments: &[&str]) -> Value {
    let mut all = vec!["metadata", "--offline", "--locked", "--format-version", "1"];
    all.extend(arguments);
    serde_json::from_str(&cargo(&all)).expect("cargo writes JSON")
}

fn everything() -> Value {
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo says its host");
    metadata(&["--filter-platform", host])
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn items<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value[name].as_array().into_iter().flatten()
}

/// The Rust sources below those folders of a crate, as one text.
fn sources(folder: &Path, parts: &[&str]) -> String {
    let mut all = String::new();
    for file in parts.iter().flat_map(|part| walkdir::WalkDir::new(folder.join(part))) {
        // A part that a crate does not have.
        let Ok(file) = file else { continue };
        if file.path().extension().is_some_and(|extension| extension == "rs") {
            all += &fs::read_to_string(file.path()).expect("a readable source");
        }
    }
    all
}

/// Whether a source names the crate: `name::`, `use name;`, `name!`, `name as other`.
fn names(source: &str, name: &str) -> bool {
    let name = name.replace('-', "_");
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    source.match_indices(&name).any(|(at, _)| {
        let starts = !source[..at].ends_with(is_word);
        let behind = &source[at + name.len()..];
        starts && ["::", ";", "!", " as "].iter().any(|end| behind.starts_with(end))
    })
}

#[test]
fn every_dependency_is_named_in_the_sources_of_its_crate() {
    let mut unused = vec![];
    for package in items(&metadata(&["--no-deps"]), "packages") {
        let manifest = PathBuf::from(text(package, "manifest_path"));
        let folder = manifest.parent().expect("a manifest is in a folder");
        let library = sources(folder, &["src", "generator"]);
        let around = sources(folder, &["src", "tests", "benches", "examples", "fuzz/checks"]);
        let build = sources(folder, &["build.rs"]);
        for dependency in items(package, "dependencies") {
            let name = dependency["rename"].as_str().unwrap_or(text(dependency, "name"));
            let source = match dependency["kind"].as_str() {
                Some("dev") => &around,
                Some("build") => &build,
                _ => &library,
            };
            if !names(source, name) && !NAMED_BY_GENERATED_CODE.contains(&(text(package, "name"), name)) {
                unused.push(format!("{} names {name}, and its sources do not", manifest.display()));
            }
        }
    }
    assert!(unused.is_empty(), "{}", unused.join("\n"));
}

#[test]
fn every_dependency_of_the_workspace_is_one_of_a_crate() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let listed = manifest.split("[workspace.dependencies]").nth(1).expect("a list of dependencies");
    let listed = listed.split("\n[").next().expect("it ends").lines();
    let listed =
        listed.filter_map(|line| Some(line.split_once(" = ")?.0)).filter(|name| !name.starts_with('#'));
    let mut used = BTreeSet::new();
    for package in items(&metadata(&["--no-deps"]), "packages") {
        let names =
            items(package, "dependencies").map(|one| one["rename"].as_str().unwrap_or(text(one, "name")));
        used.extend(names.map(str::to_owned));
    }
    let unused: Vec<_> = listed.filter(|name| !used.contains(*name)).collect();
    assert!(unused.is_empty(), "no crate asks for {unused:?}");
}

fn rules() -> Config {
    let text = fs::read_to_string(root().join("deny.toml")).expect("deny.toml");
    Config::builder().add_source(File::from_str(&text, FileFormat::Toml)).build().expect("TOML")
}

/// The crates of a list of `deny.toml`, each with its version or the start of it.
fn listed(rules: &Config, list: &str) -> Vec<(String, String)> {
    let crates = rules.get_array(list).expect("a list").into_iter().map(|one| {
        let table = one.into_table().expect("a table");
        table.get("crate").cloned().and_then(|name| Setting::into_string(name).ok()).expect("a crate")
    });
    crates
        .map(|spec| {
            spec.split_once('@')
                .map_or((spec.clone(), String::new()), |(name, version)| (name.into(), version.into()))
        })
        .collect()
}

/// Whether an expression of SPDX (`(MIT OR Apache-2.0) AND Unicode-3.0`, or the old `MIT/Apache-2.0`) can be met.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = expression.trim();
    let (mut depth, mut ors, mut ands) = (0, vec![], vec![]);
    for (at, c) in expression.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            '/' if depth == 0 => ors.push((at, 1)),
            _ if depth > 0 => (),
            _ if expression[at..].starts_with(" OR ") => ors.push((at, 4)),
            _ if expression[at..].starts_with(" AND ") => ands.push((at, 5)),
            _ => (),
        }
    }
    let both = |(at, length): (usize, usize)| (&expression[..at], &expression[at + length..]);
    if let Some((left, right)) = ors.last().copied().map(both) {
        return is_allowed(left, allowed) || is_allowed(right, allowed);
    }
    if let Some((left, right)) = ands.last().copied().map(both) {
        return is_allowed(left, allowed) && is_allowed(right, allowed);
    }
    match expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => is_allowed(inner, allowed),
        None => allowed.contains(expression),
    }
}

#[test]
fn licences_and_sources_are_allowed() {
    let allowed: BTreeSet<String> = rules()
        .get_array("licenses.allow")
        .expect("a list")
        .into_iter()
        .map(|name| name.into_string().expect("a name"))
        .collect();
    let all = everything();
    let mut wrong = vec![];
    for package in items(&all, "packages") {
        let (name, licence) = (text(package, "name"), text(package, "license"));
        if !is_allowed(licence, &allowed) {
            wrong.push(format!("{name}: the licence {licence:?} is not one of deny.toml's"));
        }
        if package["source"].as_str().is_some_and(|source| !source.starts_with("registry+")) {
            wrong.push(format!("{name} is from {}", package["source"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_expression_of_licences_is_read_as_spdx_says() {
    let allowed = ["MIT", "Unicode-3.0"].map(str::to_owned).into();
    for met in ["MIT", "GPL-3.0 OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0", "Apache-2.0/MIT", "(MIT)"] {
        assert!(is_allowed(met, &allowed), "{met}");
    }
    for unmet in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Apache-2.0) AND GPL-3.0", "Apache-2.0 / MPL-2.0"]
    {
        assert!(!is_allowed(unmet, &allowed), "{unmet}");
    }
}

#[test]
fn no_crate_is_banned_and_none_is_compiled_twice_unless_listed() {
    let (rules, all) = (rules(), everything());
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in items(&all, "packages") {
        versions.entry(text(package, "name")).or_default().insert(text(package, "version"));
    }
    let mut wrong: Vec<String> = vec![];
    for (name, _) in listed(&rules, "bans.deny").iter().filter(|(name, _)| versions.contains_key(&**name)) {
        wrong.push(format!("{name} is banned by deny.toml"));
    }
    let skipped = listed(&rules, "bans.skip");
    let is_skipped = |name: &str, version: &str| {
        skipped.iter().any(|(one, start)| {
            one == name
                && version.strip_prefix(&**start).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    };
    for (name, versions) in &versions {
        let unlisted: Vec<_> = versions.iter().filter(|version| !is_skipped(name, version)).collect();
        if versions.len() > 1 && unlisted.len() > 1 {
            wrong.push(format!(
                "{name} is compiled in versions {unlisted:?}: take one off, or list it in deny.toml"
            ));
        }
    }
    for (name, start) in &skipped {
        if versions.get(&**name).is_none_or(|versions| versions.len() < 2) {
            wrong.push(format!("{name}@{start} is in one version now: take it off deny.toml's list"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
