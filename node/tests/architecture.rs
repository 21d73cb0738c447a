//! The arrows of the design, read from the manifests and the sources: dependencies point down, and one heavy library
//! has one home. Within a crate, no two modules of a room depend on each other.

#[path = "architecture/code.rs"]
mod code;
#[path = "architecture/modules.rs"]
mod modules;

use modules::{circles, code_of, described, names_item, rooms};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Crate → the crates of ours it may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("proto", &[]),
    ("fhir", &[]),
    ("storage", &["proto"]),
    ("search", &["proto", "fhir", "storage"]),
    ("cluster", &["proto", "storage"]),
    ("client", &["proto"]),
    ("testkit/generator", &[]),
    ("testkit", &["proto", "fhir", "client", "generator"]),
    ("node", &["proto", "fhir", "storage", "search", "cluster", "client", "generator"]),
    ("bench", &["proto", "client", "generator"]),
];

/// The rooms of `node`, from the top down: each names only those behind it.
const ROOMS_OF_NODE: &[&str] = &[
    "cli",
    "load",
    "backup",
    "open",
    "wire",
    "service",
    "peers",
    "transaction",
    "capabilities",
    "operation",
    "interaction",
    "indexing",
    "dropping",
    "session",
    "writer",
    "draft",
    "engine",
    "compartment",
    "conformance",
    "partition",
    "pages",
    "bounds",
    "budget",
    "observe",
    "tls",
    "host",
    "config",
    "answer",
    "clock",
    "error",
    "link",
    "outcome",
    "query",
    "stop",
];

/// What only some rooms of `node` may name: what is asked for by others goes through these.
const BEHIND: &[(&str, &[&str])] = &[
    // A partition's group: who calls a verb cannot tell where its leader is.
    // `host` hands its threads on.
    (
        "cluster::",
        &[
            "open",
            "service",
            "peers",
            "dropping",
            "partition",
            "engine",
            "compartment",
            "error",
            "host",
            "cli",
            "backup",
        ],
    ),
    // The node's shared state: a caller's way to it is its session.
    // What goes through the rows behind the requests is nobody's.
    ("engine::Engine", &["open", "service", "indexing", "dropping", "session", "writer", "draft"]),
];

/// Heavy library → the crates whose manifest may name it. The tonic and axum of `bench` are its echo floor.
const HOMES: &[(&str, &[&str])] = &[
    ("rocksdb", &["storage"]),
    ("openraft", &["cluster"]),
    ("tantivy", &["search"]),
    ("ractor", &["node"]),
    ("axum", &["node", "bench"]),
    ("turmoil", &["testkit"]),
];

/// Library → the one folder that may name it in code.
const ROOMS: &[(&str, &str)] = &[
    ("rocksdb::", "storage/src/kv"),
    ("openraft::", "cluster/src/raft"),
    ("tantivy::", "search/src/engine"),
    ("ractor::", "node/src/compartment"),
    ("apollo_parser::", "node/src/operation/graphql/read"),
];

/// Where time, chance, threads and files come from; and the rooms that a simulated node has nothing to do with. Everything else
/// gets them from outside, so that a whole node runs in one thread from a seed. Of `search` its own test tells the same.
const OUTSIDE: &[(&str, &[&str])] = &[
    (
        "node",
        &[
            "backup",
            "budget",
            "capabilities.rs",
            "cli",
            "clock.rs",
            "config",
            "conformance/packages.rs",
            "host",
            "load",
            "main.rs",
            "observe",
            "open",
            "peers",
            "tls",
            "wire",
        ],
    ),
    ("cluster", &["entropy.rs", "folder.rs", "raft/runtime.rs", "threads.rs"]),
    ("storage", &["kv/rocks", "kv/out_of_memory.rs", "log", "store"]),
];

fn root() -> PathBuf {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells it"))
        .parent()
        .expect("node is in the workspace")
        .to_owned()
}

/// The names in `[dependencies]` of a crate's manifest.
fn dependencies(name: &str) -> Vec<String> {
    let manifest =
        fs::read_to_string(root().join(name).join("Cargo.toml")).expect("every crate has a manifest");
    let mut inside = false;
    let mut names = vec![];
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.trim() == "[dependencies]";
        } else if inside && !line.trim().is_empty() && !line.starts_with('#') {
            let end = line.find(['.', ' ', '=']).unwrap_or(line.len());
            names.push(line[..end].to_owned());
        }
    }
    names
}

#[test]
fn dependencies_point_down() {
    let ours: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    for (name, allowed) in ARROWS {
        for dependency in dependencies(name) {
            let known = ours.contains_key(dependency.as_str());
            assert!(
                !known || allowed.contains(&dependency.as_str()),
                "{name} must not depend on {dependency}"
            );
        }
    }
}

#[test]
fn no_arrow_of_the_map_is_unused() {
    for (name, allowed) in ARROWS {
        let used = dependencies(name);
        for other in *allowed {
            assert!(used.iter().any(|dependency| dependency == other), "{name} no longer needs {other}");
        }
    }
}

#[test]
fn no_circle_between_the_modules_of_a_room() {
    let mut wrong = vec![];
    for (name, _) in ARROWS {
        for (room, arrows) in &rooms(&root().join(name).join("src")) {
            for circle in &circles(arrows) {
                let names: Vec<_> = circle.iter().copied().collect();
                let which = described(arrows, circle);
                let room = room.replace("::", "/");
                wrong.push(format!("{name}/src/{room}: a circle between {}:\n{which}", names.join(", ")));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "What two modules need of each other belongs below both, or comes as a parameter.\n{}",
        wrong.join("\n")
    );
}

#[test]
fn arrows_point_down_inside_node() {
    let height = |room: &str| ROOMS_OF_NODE.iter().position(|known| *known == room);
    let mut wrong = vec![];
    for (from, ends) in &rooms(&root().join("node/src"))[""] {
        for (to, files) in ends {
            match (height(from), height(to)) {
                (Some(from), Some(to)) if from < to => {}
                (Some(_), Some(_)) => wrong.push(format!("{from} names {to}, which is above it: {files:?}")),
                _ => wrong.push(format!("{from} or {to} is in no room of the list")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rows_are_reached_through_their_rooms() {
    let src = root().join("node/src");
    let mut wrong = vec![];
    for (file, code) in code_of(&src) {
        let room = file.split(['/', '.']).next().unwrap_or_default();
        let names = |name: &str| match name.split_once("::") {
            Some((module, item)) if !item.is_empty() => names_item(&code, module, item),
            _ => code.contains(name),
        };
        let named = BEHIND.iter().filter(|(name, rooms)| names(name) && !rooms.contains(&room));
        wrong.extend(named.map(|(name, _)| format!("{file} names {name}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn time_chance_and_threads_come_from_outside() {
    let words =
        ["SystemTime", "rand::", "block_in_place", "spawn_blocking", "thread::", "fs::", "/dev/urandom"];
    let mut wrong = vec![];
    for (name, real) in OUTSIDE {
        for (file, code) in code_of(&root().join(name).join("src")) {
            if real.iter().any(|place| Path::new(&file).starts_with(place)) {
                continue;
            }
            let named = words.iter().filter(|word| code.contains(*word));
            wrong.extend(named.map(|word| format!("{name}/src/{file} names {word}")));
            // The runtime's own time, which a simulation moves.
            if code.contains("Instant::now") && !code.contains("tokio::time") {
                wrong.push(format!("{name}/src/{file} reads a clock that is not the runtime's"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_crate_of_the_workspace_is_in_the_map() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the workspace has a manifest");
    for (name, _) in ARROWS {
        assert!(manifest.contains(&format!("\"{name}\"")), "{name} is not a member");
    }
}

#[test]
fn one_heavy_library_has_one_home() {
    for (library, homes) in HOMES {
        for (name, _) in ARROWS {
            let named = dependencies(name).iter().any(|dependency| dependency == library);
            assert!(!named || homes.contains(name), "{library} is named by {name}");
        }
    }
}

#[test]
fn one_heavy_library_has_one_room() {
    for (library, room) in ROOMS {
        let home = room.split('/').next().expect("a room is in a crate");
        for (path, text) in sources(&root().join(home).join("src")) {
            let relative = path.strip_prefix(root()).expect("inside the workspace").display().to_string();
            let named =
                text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(library));
            assert!(!named || relative.starts_with(room), "{relative} names {library}; its room is {room}");
        }
    }
}

#[test]
fn storage_and_cluster_know_no_fhir() {
    for name in ["storage", "cluster"] {
        for (path, text) in sources(&root().join(name).join("src")) {
            for word in ["\"Patient\"", "\"Observation\"", "resourceType"] {
                let code = text.split("#[cfg(test)]").next().unwrap_or(&text);
                assert!(!code.contains(word), "{} knows {word}", path.display());
            }
        }
    }
}

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).expect("a source folder") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a readable source");
            found.push((path, text));
        }
    }
    found
}
