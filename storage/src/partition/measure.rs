use crate::apply::tests::fixture::*;
use crate::{Options, Store};
use bytes::Bytes;
use proto::id::PartitionId;
use std::time::Instant;

#[test]
fn measure() {
    if std::env::var_os("MEASURE").is_none() {
        return;
    }
    let dirs = [tempfile::tempdir_in("/root").unwrap(), tempfile::tempdir_in("/root").unwrap()];
    let a = Store::open(dirs[0].path(), &Options::default()).unwrap().partition(PartitionId(1)).unwrap();
    let text: String = "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"8867-4\"}]},".into();
    let mut noise = 1_u64;
    let mut index = 0;
    for _ in 0..200 {
        let mut entries = vec![];
        for _ in 0..500 {
            index += 1;
            let mut body = text.clone();
            while body.len() < 1500 {
                noise = noise.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                body +=
                    &format!("\"value\":{},\"effectiveDateTime\":\"2024-{:02}\",", noise >> 32, noise >> 60);
            }
            let mut v = version(1, proto::log::v1::Method::Create);
            v.body = body.into();
            entries.push(entry(
                index,
                1000 + index,
                write([put_as(observation(&format!("p{}", index % 1000), &format!("o{index}")), 0, v)]),
            ));
        }
        a.apply(&entries).unwrap();
    }
    a.flush().unwrap();
    for round in 0..2 {
        let began = Instant::now();
        let mut chunks: Vec<Bytes> = vec![];
        a.export(1 << 20, |_| (), &mut |c| {
            chunks.push(c);
            true
        })
        .unwrap();
        let bytes: usize = chunks.iter().map(|c| c.len()).sum();
        let mb = bytes as f64 / 1e6;
        println!(
            "export {mb:.0} MB in {:?}: {:.0} MB/s, {} chunks",
            began.elapsed(),
            mb / began.elapsed().as_secs_f64(),
            chunks.len()
        );
        let b = Store::open(&dirs[1].path().join(round.to_string()), &Options::default())
            .unwrap()
            .partition(PartitionId(1))
            .unwrap();
        b.apply(&[entry(1, 1000, write([put(observation("a", "b"), 0)]))]).unwrap();
        let began = Instant::now();
        let mut import = b.import().unwrap();
        chunks.iter().for_each(|c| import.put(c).unwrap());
        println!("put {:?}: {:.0} MB/s", began.elapsed(), mb / began.elapsed().as_secs_f64());
        let install = Instant::now();
        b.install(import).unwrap();
        println!("install {:?}; in all {:.0} MB/s", install.elapsed(), mb / began.elapsed().as_secs_f64());
        assert_eq!(a.digest().unwrap(), b.digest().unwrap());
        let began = Instant::now();
        println!("digest {:?}", began.elapsed());
    }
}
