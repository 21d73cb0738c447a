//! Incremental backups, and moments between them.

use super::*;

/// A moment as the command takes it.
fn at(ms: u64) -> String {
    let (seconds, ms) = (ms / 1000, ms % 1000);
    let output =
        Command::new("date").args(["-u", "-d", &format!("@{seconds}"), "+%Y-%m-%dT%H:%M:%S"]).output();
    format!("{}.{ms:03}Z", text(&output.unwrap().stdout).trim())
}

/// Creates with times of their own.
async fn create_at_another_time(client: &Client, code: &str, after_ms: u64) -> u64 {
    loop {
        tokio::time::sleep(Duration::from_millis(3)).await;
        let made = client.create(basic(code)).await.unwrap();
        if made.last_updated_ms > after_ms {
            return made.last_updated_ms;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_moment_after_the_first_backup_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("backups");
    let node = node().begin().unwrap();
    let client = Client::connect(&node.grpc).unwrap();
    let said = refused(&["create", "--grpc", &node.grpc, "--to", path(&to), "--incremental"]);
    assert!(said.contains("make a full one"), "{said}");
    let before = create_at_another_time(&client, "m0", 0).await;
    create(&node, &to, &[]);
    let (mut times, mut last) = (vec![], before + 50);
    for number in 1..=6 {
        last = create_at_another_time(&client, &format!("m{number}"), last).await;
        times.push(last);
        client.transaction(pair(&format!("t{number}"))).await.unwrap();
        if number % 3 == 0 {
            create(&node, &to, &["--incremental"]);
        }
    }
    assert_eq!(names(&to).len(), 3);
    let listed = done(&["list", "--from", path(&to)]);
    assert_eq!(listed.matches("incremental").count(), 2, "{listed}");
    done(&["verify", "--from", path(&to)]);

    for (at_number, until_ms) in [(2, times[1]), (4, times[3]), (6, u64::MAX)] {
        let data = folder.path().join(format!("until{at_number}"));
        let until = at(until_ms);
        let more: &[&str] = if until_ms == u64::MAX { &[] } else { &["--until", &until] };
        restore(&to, &data, more);
        let again = restored(&data);
        let restored = Client::connect(&again.grpc).unwrap();
        for number in 1..=6 {
            let there = count(&restored, &format!("m{number}")).await > 0;
            assert_eq!(there, number <= at_number, "m{number} at {until}");
            let pair = count(&restored, &format!("t{number}")).await;
            assert!(pair == 0 || pair == 2, "half of t{number}");
            assert!(number == at_number || (pair == 2) == (number < at_number), "t{number} at {until}");
        }
    }
    let data = folder.path().join("never");
    for until_ms in [before, times[5] + 3_600_000] {
        let until = at(until_ms);
        let said = refused(&["restore", "--from", path(&to), "--data", path(&data), "--until", &until]);
        assert!(said.contains("first moment") || said.contains("no incremental backup has"), "{said}");
    }
    assert!(!data.exists());
}

/// A log that was purged makes no incremental backup, unless it was kept for one.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_kept_for_the_next_backup_or_its_lack_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (kept, left) = (folder.path().join("kept"), folder.path().join("left"));
    let node = node().set("log.group_bytes", 8 << 10).begin().unwrap();
    let client = Client::connect(&node.grpc).unwrap();
    client.create(basic("first")).await.unwrap();
    create(&node, &left, &["--keep-log", "0"]);
    write_and_purge(&client).await;
    let said = refused(&["create", "--grpc", &node.grpc, "--to", path(&left), "--incremental"]);
    assert!(said.contains("has purged the log") && said.contains("make a full one"), "{said}");

    create(&node, &kept, &[]);
    write_and_purge(&client).await;
    client.create(basic("last")).await.unwrap();
    create(&node, &kept, &["--incremental"]);
    let data = folder.path().join("data");
    restore(&kept, &data, &[]);
    let again = restored(&data);
    let restored = Client::connect(&again.grpc).unwrap();
    assert_eq!((count(&restored, "first").await, count(&restored, "last").await), (1, 1));
    assert_eq!(count(&restored, "filler").await, count(&client, "filler").await);
}

/// So much that every log is looked at, flushed and purged.
async fn write_and_purge(client: &Client) {
    let began = std::time::Instant::now();
    while began.elapsed() < Duration::from_secs(4) {
        let writes = (0..50).map(|_| client.create(basic("filler")));
        futures::future::try_join_all(writes).await.unwrap();
    }
}
