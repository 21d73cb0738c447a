//! What is in `node/deploy`: files for Docker, Compose, Kubernetes and systemd are what these take, and ask for options that there are.

use regex::Regex;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use testkit::outside;

const BINARY: &str = env!("CARGO_BIN_EXE_salamander");

/// As cargo tells it now: a path that was compiled in may be another clone's.
fn file(name: &str) -> PathBuf {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("deploy").join(name)
}

fn said(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {status}\n{said}");
    said
}

/// A tool that `.ci/clients` installs.
fn tool(name: &str) -> Option<Command> {
    Some(Command::new(outside::clients(&format!("py/bin/{name}"))?.join("py/bin").join(name)))
}

#[test]
fn compose_takes_its_file() {
    let Some(mut check) = tool("check-jsonschema") else { return };
    said(check.args(["--builtin-schema", "vendor.compose-spec"]).arg(file("compose.yaml")));
}

#[test]
fn kubernetes_takes_its_file() {
    let Some(mut check) = tool("kubernetes-validate") else { return };
    let said = said(check.args(["--strict"]).arg(file("kubernetes.yaml")));
    assert_eq!(said.matches(" passed ").count(), 4, "{said}");
}

#[test]
fn the_image_is_built_as_it_should_be() {
    let Some(mut check) = tool("hadolint") else { return };
    said(check.arg(file("Dockerfile")));
}

#[test]
fn systemd_takes_its_unit() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        return outside::skip("systemd-analyze is not there");
    }
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("salamander.service");
    let text = fs::read_to_string(file("salamander.service")).unwrap();
    let here = text.replace("/usr/local/bin/salamander", BINARY);
    assert_ne!(here, text);
    fs::write(&unit, here).unwrap();
    let said = said(Command::new("systemd-analyze").arg("verify").arg(&unit));
    // What it does not know it says, and goes on.
    assert!(!said.contains("salamander.service:"), "{said}");
}

/// The names of environment variables that options have.
fn options() -> BTreeSet<String> {
    let listed = said(Command::new(BINARY).arg("config"));
    let mut section = String::new();
    let mut options = BTreeSet::new();
    for line in listed.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_uppercase();
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            options.insert(format!("SALAMANDER_{section}_{}", name.to_uppercase()));
        }
    }
    assert!(options.contains("SALAMANDER_REST_LISTEN") && options.len() > 80, "{options:?}");
    options
}

#[test]
fn the_options_that_are_set_are_options() {
    let options = options();
    let named = Regex::new(r"SALAMANDER_[A-Z_]*[A-Z]").unwrap();
    for name in ["Dockerfile", "compose.yaml", "kubernetes.yaml", "salamander.service"] {
        let text = fs::read_to_string(file(name)).unwrap();
        let set: BTreeSet<&str> = named.find_iter(&text).map(|found| found.as_str()).collect();
        assert!(!set.is_empty(), "{name} sets none");
        // Kubernetes' own, of which the file speaks.
        let strange: Vec<_> =
            set.iter().filter(|set| !options.contains(**set) && **set != "SALAMANDER_PORT").collect();
        assert!(strange.is_empty(), "{name}: {strange:?}");
    }
}

/// The script that a pod starts with, run for one of that name.
fn started(pod: &str, founder: &str) -> String {
    let text = fs::read_to_string(file("kubernetes.yaml")).unwrap();
    let documents = serde_yaml_ng::Deserializer::from_str(&text);
    let documents = documents.map(|one| <serde_json::Value as serde::Deserialize>::deserialize(one).unwrap());
    let set = documents.into_iter().find(|one| one["kind"] == "StatefulSet").unwrap();
    let script = &set["spec"]["template"]["spec"]["containers"][0]["args"][0];
    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("salamander");
    fs::write(&binary, "#!/bin/sh\necho \"$@ $SALAMANDER_CLUSTER_ADDRESS $SALAMANDER_CLUSTER_JOIN\"\n")
        .unwrap();
    said(Command::new("chmod").arg("+x").arg(&binary));
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let mut shell = Command::new("/bin/sh");
    shell.env_clear().env("PATH", path).env("POD", pod).env("FOUNDER", founder);
    said(shell.arg("-c").arg(script.as_str().unwrap())).trim().to_owned()
}

#[test]
fn one_pod_founds_the_cluster_and_the_others_join_it() {
    let (zero, one) = ("salamander-0", "salamander-1");
    assert_eq!(started(zero, zero), "start salamander-0.salamander-nodes:50052");
    assert_eq!(
        started(one, zero),
        "start salamander-1.salamander-nodes:50052 salamander-0.salamander-nodes:50051"
    );
    assert_eq!(
        started(zero, one),
        "start salamander-0.salamander-nodes:50052 salamander-1.salamander-nodes:50051"
    );
}
