//! Files that are not what was written.

use super::*;
use std::fs;

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_told_by_file_and_nothing_is_restored_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (to, data) = (folder.path().join("backups"), folder.path().join("data"));
    let node = node().set("storage.partitions", 2).begin().unwrap();
    let client = Client::connect(&node.grpc).unwrap();
    for number in 0..20 {
        client.transaction(pair(&format!("p{number}"))).await.unwrap();
    }
    create(&node, &to, &[]);
    for number in 20..40 {
        client.transaction(pair(&format!("p{number}"))).await.unwrap();
    }
    create(&node, &to, &["--incremental"]);
    done(&["verify", "--from", path(&to)]);

    let mut files = vec![];
    for name in names(&to) {
        let listed = fs::read_dir(to.join(&name)).unwrap();
        files.extend(listed.map(|entry| entry.unwrap().path()));
    }
    assert!(files.len() >= 6, "{files:?}");
    for file in &files {
        let good = fs::read(file).unwrap();
        let mut flipped = good.clone();
        flipped[good.len() / 2] ^= 1;
        for bad in [Some(flipped), Some(good[..good.len() - 1].to_vec()), None] {
            match &bad {
                Some(bad) => fs::write(file, bad).unwrap(),
                None => fs::remove_file(file).unwrap(),
            }
            let said = refused(&["verify", "--from", path(&to)]);
            assert!(said.contains(path(file)), "{}: {said}", file.display());
            let said = refused(&["restore", "--from", path(&to), "--data", path(&data)]);
            assert!(said.contains(path(file)), "{}: {said}", file.display());
            assert!(!data.exists());
        }
        fs::write(file, good).unwrap();
    }
    // What those tries left is no obstacle.
    restore(&to, &data, &[]);
    let again = restored(&data);
    assert_eq!(count(&Client::connect(&again.grpc).unwrap(), "p39").await, 2);
}
