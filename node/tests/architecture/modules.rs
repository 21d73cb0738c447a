//! Which module of a crate names which other, as the sources say it: `crate::name`, lists in braces, `super::`, `self::`, and
//! names that a module passes on (`crate::Error`, a parent's `use`). A room is the root or a module with modules in it; what is
//! said of a room is said of these, each with all that is in it.

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

/// Room → the arrows between its modules. The root is named by no text.
pub type Rooms = BTreeMap<String, Arrows>;

/// The names from the root down to a module; of the root itself none.
type Module = Vec<String>;

struct Source {
    file: String,
    module: Module,
    code: String,
}

/// Of the crate with those sources.
pub fn rooms(src: &Path) -> Rooms {
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
fn module_of(file: &str) -> Module {
    let mut module: Vec<_> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    let is_root = module.len() == 1 && matches!(module[0].as_str(), "lib" | "main");
    if is_root || module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

fn between(sources: &[Source]) -> Rooms {
    let names = Names::of(sources);
    let mut rooms = Rooms::new();
    for source in sources {
        for path in named(&source.code, &source.module) {
            let to = names.home(path);
            let shared = source.module.iter().zip(&to).take_while(|(from, to)| from == to).count();
            // A module may name those around it and those in it.
            if let (Some(from), Some(to)) = (source.module.get(shared), to.get(shared)) {
                let room = rooms.entry(source.module[..shared].join("::")).or_default();
                let files = room.entry(from.clone()).or_default().entry(to.clone()).or_default();
                files.insert(source.file.clone());
            }
        }
    }
    rooms
}

/// What a crate's paths go through.
struct Names {
    modules: BTreeSet<Module>,
    /// The names that a module has from elsewhere, and the path from the root that each stands for.
    passed_on: BTreeMap<Module, BTreeMap<String, Vec<String>>>,
}

impl Names {
    fn of(sources: &[Source]) -> Self {
        let modules = sources.iter().map(|source| source.module.clone()).collect();
        let mut names = Self { modules, passed_on: BTreeMap::new() };
        for source in sources {
            let uses = source.code.match_indices("use ").filter(|&(at, _)| is_start(&source.code, at));
            for (at, _) in uses {
                let statement = source.code[at + 4..].split(';').next().unwrap_or_default();
                for path in paths(statement) {
                    names.pass_on(&source.module, &path);
                }
            }
        }
        names
    }

    fn pass_on(&mut self, module: &Module, path: &str) {
        let of_a_module_in_it = || {
            let path = joined(module, path);
            self.modules.contains(&path[..=module.len()]).then_some(path)
        };
        let Some(mut path_from_root) = from_the_root(path, module).or_else(of_a_module_in_it) else { return };
        path_from_root.pop_if(|last| last == "self");
        let name = match path.rsplit([':', ' ']).next() {
            Some("self") => path_from_root.last().cloned(),
            name => name.map(str::to_owned),
        };
        if let Some(name) = name {
            self.passed_on.entry(module.clone()).or_default().insert(name, path_from_root);
        }
    }

    /// The module in which what the path names is at home.
    fn home(&self, mut path: Vec<String>) -> Module {
        let mut known = 0;
        // Names are passed on from module to module a few times at most; in a circle they would be for ever.
        for _ in 0..8 {
            while known < path.len() && self.modules.contains(&path[..=known]) {
                known += 1;
            }
            let stands_for = path.get(known).and_then(|name| self.passed_on.get(&path[..known])?.get(name));
            let Some(stands_for) = stands_for else { break };
            path = [stands_for.as_slice(), &path[known + 1..]].concat();
            known = 0;
        }
        path.truncate(known);
        path
    }
}

/// The path without the name that it is given by `as`, below that module.
fn joined(module: &[String], path: &str) -> Vec<String> {
    let path = path.split(' ').next().unwrap_or_default();
    module.iter().map(String::as_str).chain(path.split("::")).map(str::to_owned).collect()
}

/// The path from the root, of one that begins with `crate`, `self` or `super` in that module.
fn from_the_root(path: &str, module: &Module) -> Option<Vec<String>> {
    let (first, mut rest) = path.split_once("::")?;
    let mut base = match first {
        "crate" => &[][..],
        "self" => module,
        "super" => &module[..module.len().checked_sub(1)?],
        _ => return None,
    };
    while let Some(higher) = rest.strip_prefix("super::") {
        base = &base[..base.len().checked_sub(1)?];
        rest = higher;
    }
    Some(joined(base, rest))
}

/// The paths from the root that the code of a module names.
fn named(code: &str, module: &Module) -> Vec<Vec<String>> {
    let mut found = vec![];
    for start in ["crate::", "self::", "super::"] {
        for (at, _) in code.match_indices(start).filter(|&(at, _)| is_start(code, at)) {
            let paths = paths(tree(&code[at..]));
            found.extend(paths.iter().filter_map(|path| from_the_root(path, module)));
        }
    }
    found
}

/// Whether a path or word begins there, and not in the middle of one.
fn is_start(code: &str, at: usize) -> bool {
    !code[..at].ends_with(|c: char| is_of_a_name(c) || c == ':')
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
    let rooms = of_texts(&files);
    let arrows = &rooms[""];
    assert_eq!(ends(arrows), ["ab", "ac", "ad", "bd", "ca"]);
    let circle = BTreeSet::from(["a", "c"]);
    assert_eq!(circles(arrows), BTreeSet::from([circle.clone()]));
    let code = "use crate::{engine::{Engine, Turn}, x}; use search::engine::Shard;";
    assert!(names_item(code, "engine", "Engine") && names_item("engine::Engine::new()", "engine", "Engine"));
    assert!(!names_item(code, "engine", "Shard") && !names_item("my_engine::Engine", "engine", "Engine"));
    assert_eq!(described(arrows, &circle), "  a → c: a/mod.rs\n  c → a: c.rs");
}

#[test]
fn arrows_are_read_at_every_depth() {
    let files = [
        ("lib.rs", "mod a; pub use a::{b::{self, B}, d};"),
        (
            "a/mod.rs",
            "mod b; mod c; mod d; mod e; mod f; use c::{C as Sea, g::G}; use std::e; use self::f::F;",
        ),
        ("a/b.rs", "use super::Sea; use super::{std, F};"),
        ("a/c/mod.rs", "mod g; mod h; use super::a; use self::h::H;"),
        ("a/c/g.rs", "fn f() { super::super::d::f(); super::h::f() } use super::{own, H};"),
        ("a/c/h.rs", "use crate::a::c::g::{self}; use crate::{b, B};"),
        ("a/d.rs", "fn f() { crate::b::f(); super::G::new() }"),
        ("a/e.rs", "use std::super_::c; use super::e;"),
        ("a/f.rs", ""),
    ];
    let rooms = of_texts(&files);
    assert_eq!(rooms.keys().collect::<Vec<_>>(), ["a", "a::c"]);
    assert_eq!(ends(&rooms["a"]), ["bc", "bf", "cb", "cd", "db", "dc"]);
    assert_eq!(ends(&rooms["a::c"]), ["gh", "hg"]);
    assert_eq!(circles(&rooms["a"]), BTreeSet::from([BTreeSet::from(["b", "c", "d"])]));
    assert_eq!(circles(&rooms["a::c"]), BTreeSet::from([BTreeSet::from(["g", "h"])]));
}

#[cfg(test)]
fn of_texts(files: &[(&str, &str)]) -> Rooms {
    let owned = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned()));
    between(&without_test_files(owned.collect()))
}

#[cfg(test)]
fn ends(arrows: &Arrows) -> Vec<String> {
    let all = arrows.iter().flat_map(|(from, to)| to.keys().map(move |to| format!("{from}{to}")));
    all.collect()
}
