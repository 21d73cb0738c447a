mod refused;

use super::*;

fn layers(file: Option<PathBuf>, environment: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Layers {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Layers {
        file,
        environment: environment.iter().map(own).collect(),
        flags: flags.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
    }
}

#[test]
fn the_later_layer_wins() {
    let dir = tempfile::tempdir().unwrap();
    let text = "[rest]\nlisten = \"127.0.0.1:1\"\nconnections_max = 7\n[grpc]\nlisten = \"127.0.0.1:2\"\n";
    std::fs::write(dir.path().join(FILE_NAME), text).unwrap();
    let data = dir.path().display().to_string();
    let environment =
        [("SALAMANDER_REST_LISTEN", "127.0.0.1:3"), ("SALAMANDER_LOG_SPARES", "5"), ("HOME", "/x")];
    let flags = [("grpc.listen", "127.0.0.1:4"), ("node.data", data.as_str())];
    let config = Config::load(&layers(None, &environment, &flags)).unwrap();
    assert_eq!(config.rest.listen, "127.0.0.1:3");
    assert_eq!(config.rest.connections_max, 7);
    assert_eq!(config.grpc.listen, "127.0.0.1:4");
    assert_eq!(config.log.spares, 5);
    assert_eq!(config.limits, Limits::default());
}

#[test]
fn an_unknown_key_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("my.toml");
    std::fs::write(&path, "[rest]\nlisen = \"127.0.0.1:1\"\n").unwrap();
    let error = Config::load(&layers(Some(path), &[], &[])).unwrap_err().to_string();
    assert!(error.contains("`rest.lisen`") && error.contains("`rest.listen`"), "{error}");
}

#[test]
fn variables_that_set_nothing_are_named_and_left_alone() {
    let kubernetes = [
        ("SALAMANDER_PORT", "tcp://10.0.0.1:8080"),
        ("SALAMANDER_SERVICE_HOST", "10.0.0.1"),
        ("SALAMANDER_REST_LISTENN", "x"),
        ("SALAMANDER_LOG_SPARES", "7"),
        ("HOME", "/x"),
    ];
    let config = Config::load(&layers(None, &kubernetes, &[])).unwrap();
    assert_eq!((config.log.spares, &config.rest), (7, &Rest::default()));
    let told = strange_variables(kubernetes.iter().map(|(name, _)| (*name).to_owned()));
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("SALAMANDER_PORT"), "{told:?}");
    assert!(
        told[2].contains("SALAMANDER_REST_LISTENN") && told[2].contains("`SALAMANDER_REST_LISTEN`"),
        "{told:?}"
    );
}

#[test]
fn bad_values_and_files_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("my.toml");
    let missing = Config::load(&layers(Some(path.clone()), &[], &[])).unwrap_err();
    assert!(matches!(missing, Error::Read { .. }), "{missing}");
    std::fs::write(&path, "[rest\n").unwrap();
    let broken = Config::load(&layers(Some(path), &[], &[])).unwrap_err();
    assert!(matches!(broken, Error::Syntax { .. }), "{broken}");
    let wrong = Config::load(&layers(None, &[("SALAMANDER_REST_CONNECTIONS_MAX", "many")], &[])).unwrap_err();
    assert!(wrong.to_string().contains("connections_max"), "{wrong}");
    let zero = Config::load(&layers(None, &[("SALAMANDER_STORAGE_PARTITIONS", "0")], &[])).unwrap_err();
    assert!(zero.to_string().contains("storage.partitions"), "{zero}");
}

#[test]
fn lists_are_arrays_or_have_commas() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("my.toml");
    let packages = |file: &str, environment: &[(&str, &str)]| {
        std::fs::write(&path, file).unwrap();
        Config::load(&layers(Some(path.clone()), environment, &[]))
            .map(|config| config.conformance.packages.0)
    };
    let two = ["a.tgz", "b c"];
    assert_eq!(packages("conformance.packages = [\"a.tgz\", \"b c\"]", &[]).unwrap(), two);
    assert_eq!(packages("conformance.packages = \"a.tgz, b c,\"", &[]).unwrap(), two);
    assert_eq!(packages("", &[("SALAMANDER_CONFORMANCE_PACKAGES", "a.tgz,b c")]).unwrap(), two);
    assert_eq!(packages("", &[]).unwrap(), [""; 0]);
    let wrong = packages("conformance.packages = 7", &[]).unwrap_err().to_string();
    assert!(wrong.contains("conformance.packages") && wrong.contains("array"), "{wrong}");
}

#[test]
fn what_is_printed_can_be_loaded() {
    let set = [
        ("SALAMANDER_REST_BASE_URL", "https://a.example/fhir"),
        ("SALAMANDER_VALIDATION_PROFILES", "http://a,http://b"),
    ];
    let config = Config::load(&layers(None, &set, &[])).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("printed.toml");
    std::fs::write(&path, config.to_commented_toml()).unwrap();
    assert_eq!(Config::load(&layers(Some(path), &[], &[])).unwrap(), config);
}

#[test]
fn every_option_is_listed_and_documented() {
    let defaults = serde_json::to_value(Config::default()).unwrap();
    let mut leaves: Vec<String> = options::flatten(&defaults).into_iter().map(|(key, _)| key).collect();
    let mut listed: Vec<String> = options().into_iter().map(|option| option.key).collect();
    leaves.sort();
    listed.sort();
    assert_eq!(leaves, listed);
    assert!(options().iter().all(|option| option.about.len() > 5));
    let variables: std::collections::BTreeSet<String> =
        options().iter().map(ConfigOption::variable).collect();
    assert_eq!(variables.len(), listed.len(), "two options share an environment variable");
}

#[test]
fn the_readme_has_the_table() {
    let readme = include_str!("../../../README.md");
    let table = readme_table();
    assert!(readme.contains(&table), "node/README.md is behind; the table is:\n{table}");
}
