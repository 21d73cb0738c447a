//! Certificates that change under a running node.

use super::{
    HANG,
    authority::Authority,
    raw::{Asking, Offer, authority_of, connect, shown},
};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};
use testkit::node::NodeProcess;

/// Puts a copy of the file in the place of another at once, as certificate tools do.
fn put(from: &Path, to: &Path) {
    let beside = to.with_extension("new");
    fs::copy(from, &beside).unwrap();
    fs::rename(&beside, to).unwrap();
}

/// Copies of a certificate and its key that can be replaced.
fn put_pair(authority: &Authority, name: &str, to: &Path) {
    let (cert, key) = authority.pair(name);
    put(&key, &to.join("used.key"));
    put(&cert, &to.join("used.pem"));
}

fn node(folder: &Path) -> NodeProcess {
    NodeProcess::new(super::BINARY)
        .unwrap()
        .set("tls.cert", folder.join("used.pem").display())
        .set("tls.key", folder.join("used.key").display())
}

async fn metric(offer: &Offer<'_>, node: &NodeProcess, name: &str) -> f64 {
    let (_, page) = offer.get(&node.rest.replace("/fhir", "/metrics")).await.unwrap();
    let line = page.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
    let line = line.unwrap_or_else(|| panic!("{name} is not on\n{page}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// Until the metric is that.
async fn until(offer: &Offer<'_>, node: &NodeProcess, name: &str, wanted: f64) {
    let began = Instant::now();
    loop {
        let value = metric(offer, node, name).await;
        if value == wanted {
            return;
        }
        assert!(began.elapsed() < HANG, "{name} is {value}, not {wanted}\n{}", node.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

const FAILING: &str = "salamander_tls_reload_failing";
const READ: &str = r#"salamander_tls_reloads_total{outcome="read"}"#;
const REFUSED: &str = r#"salamander_tls_reloads_total{outcome="refused"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn new_connections_see_the_new_one_and_old_ones_go_on() {
    let authority = Authority::new();
    authority.issue(&["--node", "later", "--host", "db2", "--days", "700"]);
    let folder = tempfile::tempdir().unwrap();
    put_pair(&authority, "node", folder.path());
    let node = node(folder.path()).set("tls.reload_interval_ms", 50).begin().unwrap();
    let offer = Offer::to(&authority);
    let (rest, grpc) = (authority_of(&node.rest), authority_of(&node.grpc));
    let before = offer.connect(rest).await.unwrap();
    let first = shown(&before);
    let mut old = Asking::on(before).await.unwrap();
    let url = format!("{}/metadata", node.rest);
    assert_eq!(old.get(&url).await.unwrap().0, 200);
    let expiry = r#"salamander_tls_certificate_expiry_seconds{file="cert"}"#;
    let expires = metric(&offer, &node, expiry).await;

    put_pair(&authority, "later", folder.path());
    let began = Instant::now();
    while shown(&offer.connect(rest).await.unwrap()) == first {
        assert!(began.elapsed() < HANG, "{}", node.log());
    }
    assert_ne!(shown(&offer.connect(grpc).await.unwrap()), first);
    assert_eq!(old.get(&url).await.unwrap().0, 200, "who is connected stays so");
    let later = metric(&offer, &node, expiry).await;
    let days = (later - expires) / 86_400.0;
    assert!((330.0..340.0).contains(&days), "{days} days more, which are 700 - 365");
    // The key was there before its certificate: what lay between was refused, and is over.
    until(&offer, &node, FAILING, 0.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_one_changes_nothing() {
    let authority = Authority::new();
    authority.issue(&["--node", "later", "--host", "db2"]);
    let folder = tempfile::tempdir().unwrap();
    put_pair(&authority, "node", folder.path());
    let node = node(folder.path()).set("tls.reload_interval_ms", 50).begin().unwrap();
    let offer = Offer::to(&authority);
    let rest = authority_of(&node.rest);
    let first = shown(&offer.connect(rest).await.unwrap());
    let cert = folder.path().join("used.pem");
    let garbage = authority.file("garbage.pem");
    fs::write(&garbage, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    // Broken; without a certificate; of another key; gone.
    let (later, key) = authority.pair("later");
    for (number, wrong) in [garbage, key, later].iter().enumerate() {
        put(wrong, &cert);
        until(&offer, &node, REFUSED, number as f64 + 1.0).await;
        assert_eq!(metric(&offer, &node, FAILING).await, 1.0);
        assert_eq!(shown(&offer.connect(rest).await.unwrap()), first);
    }
    fs::remove_file(&cert).unwrap();
    until(&offer, &node, REFUSED, 4.0).await;
    assert_eq!(shown(&offer.connect(rest).await.unwrap()), first);
    assert!(node.log().contains("changed certificates cannot be used"), "{}", node.log());
    assert!(node.log().contains("used.pem"), "{}", node.log());
    put_pair(&authority, "node", folder.path());
    until(&offer, &node, FAILING, 0.0).await;
    assert!(metric(&offer, &node, READ).await >= 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sighup_has_them_read_at_once() {
    let authority = Authority::new();
    authority.issue(&["--node", "later", "--host", "db2"]);
    let folder = tempfile::tempdir().unwrap();
    put_pair(&authority, "node", folder.path());
    // A day: nobody looks by itself.
    let node = node(folder.path()).set("tls.reload_interval_ms", 86_400_000).begin().unwrap();
    let offer = Offer::to(&authority);
    let first = shown(&offer.connect(authority_of(&node.rest)).await.unwrap());
    put_pair(&authority, "later", folder.path());
    assert_eq!(shown(&offer.connect(authority_of(&node.rest)).await.unwrap()), first);
    node.signal("HUP").unwrap();
    until(&offer, &node, READ, 1.0).await;
    assert_ne!(shown(&offer.connect(authority_of(&node.rest)).await.unwrap()), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn roots_change_with_it() {
    let (authority, clients, others) = (Authority::new(), Authority::new(), Authority::new());
    let folder = tempfile::tempdir().unwrap();
    put_pair(&authority, "node", folder.path());
    let roots = folder.path().join("roots.pem");
    put(&clients.root(), &roots);
    let node = node(folder.path())
        .set("tls.reload_interval_ms", 50)
        .set("tls.client_roots", roots.display())
        .begin()
        .unwrap();
    let url = format!("{}/metadata", node.rest);
    let (mine, theirs) =
        (Offer::to(&authority).showing(&clients, "client"), Offer::to(&authority).showing(&others, "client"));
    assert_eq!(mine.get(&url).await.unwrap().0, 200);
    assert!(theirs.get(&url).await.is_err());
    // One that would take up its session again.
    let (again, rest) = (mine.config(), authority_of(&node.rest));
    for _ in 0..2 {
        let stream = connect(again.clone(), rest).await.unwrap();
        assert_eq!(Asking::on(stream).await.unwrap().get(&url).await.unwrap().0, 200);
    }
    put(&others.root(), &roots);
    let began = Instant::now();
    while theirs.get(&url).await.is_err() {
        assert!(began.elapsed() < HANG, "{}", node.log());
    }
    assert!(mine.get(&url).await.is_err(), "who is trusted no more does not come again");
    if let Ok(stream) = connect(again, rest).await {
        let asked = Asking::on(stream).await.unwrap().get(&url).await;
        assert!(asked.is_err(), "{asked:?}");
    }
}

/// The way from one authority to another: nodes trust both for a while.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_of_a_new_authority_come_to_a_running_one() {
    let (authority, new) = (Authority::new(), Authority::new());
    let folder = tempfile::tempdir().unwrap();
    put_pair(&authority, "node", folder.path());
    let (roots, both) = (folder.path().join("roots.pem"), authority.file("both.pem"));
    put(&authority.root(), &roots);
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    fs::write(&both, read(&authority.root()) + &read(&new.root())).unwrap();
    let first = node(folder.path())
        .set("storage.partitions", 4)
        .set("tls.reload_interval_ms", 50)
        .set("tls.peer_roots", roots.display())
        .begin()
        .unwrap();
    put(&both, &roots);
    until(&Offer::to(&authority), &first, READ, 1.0).await;
    // It is let in, and the other connects to it: neither would be with what the first had at its start.
    let second = new.node().set("tls.peer_roots", both.display());
    let second = second.set("cluster.join", authority_of(&first.grpc)).begin().unwrap();
    let began = Instant::now();
    loop {
        let status = new.admin(&second, None).status().await;
        let is_good = |status: &client::api::StatusResponse| {
            status.nodes.len() == 2 && status.groups.iter().all(|group| group.leader != 0)
        };
        match status {
            Ok(status) if is_good(&status) => return,
            seen if began.elapsed() > HANG => panic!("{seen:#?}"),
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}
