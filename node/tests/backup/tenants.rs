//! Tenants in backups: those of the moment that is restored.

use super::*;
use client::Admin;

fn of_tenant(node: &NodeProcess, name: &str) -> Client {
    Client::connect(&node.grpc).unwrap().with_tenant(name).unwrap()
}

async fn names_at(node: &NodeProcess) -> Vec<(String, u32)> {
    let admin = Admin::connect(&node.grpc).unwrap();
    let began = std::time::Instant::now();
    loop {
        let all = admin.tenants().await.unwrap();
        if all.iter().all(|one| one.state == "active") {
            return all.into_iter().map(|one| (one.name, one.number)).collect();
        }
        assert!(began.elapsed() < SOON, "{all:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A moment that is later than what was written, and earlier than what comes.
async fn moment() -> String {
    let pause = || tokio::time::sleep(Duration::from_millis(60));
    pause().await;
    let output = Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%S.%3NZ"]).output().unwrap();
    pause().await;
    text(&output.stdout).trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tenants_of_the_moment_are_restored() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("backups");
    let node = node().begin().unwrap();
    let admin = Admin::connect(&node.grpc).unwrap();
    for name in ["stays", "goes", "went"] {
        admin.create_tenant(name, Default::default()).await.unwrap();
        for _ in 0..20 {
            of_tenant(&node, name).create(basic(name)).await.unwrap();
        }
    }
    admin.delete_tenant("went").await.unwrap();
    create(&node, &to, &[]);
    let before = moment().await;
    admin.delete_tenant("goes").await.unwrap();
    admin.create_tenant("comes", Default::default()).await.unwrap();
    of_tenant(&node, "comes").create(basic("comes")).await.unwrap();
    names_at(&node).await;
    create(&node, &to, &["--incremental"]);

    let data = folder.path().join("before");
    restore(&to, &data, &["--until", &before]);
    let again = restored(&data);
    let default = ("default".to_owned(), 1);
    assert_eq!(names_at(&again).await, [default.clone(), ("goes".into(), 3), ("stays".into(), 2)]);
    for name in ["stays", "goes"] {
        assert_eq!(count(&of_tenant(&again, name), name).await, 20);
        of_tenant(&again, name).create(basic(name)).await.unwrap();
        assert_eq!(count(&of_tenant(&again, name), name).await, 21, "it takes writes");
    }
    let admin = Admin::connect(&again.grpc).unwrap();
    assert!(
        admin.create_tenant("went", Default::default()).await.unwrap().number > 5,
        "no number is given again"
    );
    assert_eq!(count(&of_tenant(&again, "went"), "went").await, 0);

    let data = folder.path().join("end");
    restore(&to, &data, &[]);
    let again = restored(&data);
    assert_eq!(names_at(&again).await, [default, ("comes".into(), 5), ("stays".into(), 2)]);
    assert_eq!(count(&of_tenant(&again, "stays"), "stays").await, 20);
    assert_eq!(count(&of_tenant(&again, "comes"), "comes").await, 1);
}
