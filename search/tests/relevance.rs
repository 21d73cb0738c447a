//! `_sort=_score` is the order of how well words fit, as one would count them by hand: in segments, in the tail, in both, page by page.

mod support;

use proptest::prelude::*;
use storage::Change;
use support::*;

const WORDS: [&str; 4] = ["knee", "pain", "left", "kneecap"];

fn change(number: usize, text: &[usize]) -> Change {
    let words: Vec<&str> = text.iter().map(|word| WORDS[*word]).collect();
    let id = format!("p{number}");
    let json = format!(
        r#"{{"resourceType":"Patient","id":"{id}","text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{}</div>"}}}}"#,
        words.join(" ")
    );
    put("Patient", &id, 1, &json)
}

/// BM25 of one term without what other texts are like, for texts that are usually of 100 words.
fn of_term(times: usize, length: usize) -> f64 {
    let times = times as f64;
    times / (times + 1.2 * (0.25 + 0.75 * length as f64 / 100.0))
}

fn score(asked: &str, text: &[usize]) -> f64 {
    let times = |is: &dyn Fn(&str) -> bool| text.iter().filter(|word| is(WORDS[**word])).count();
    let pairs = text.windows(2).filter(|pair| WORDS[pair[0]] == "knee" && WORDS[pair[1]] == "pain").count();
    let terms = match asked {
        "knee" => vec![times(&|word| word == "knee")],
        "knee OR pain" => vec![times(&|word| word == "knee"), times(&|word| word == "pain")],
        "kne*" => vec![times(&|word| word.starts_with("kne"))],
        "left -pain" => vec![times(&|word| word == "left")],
        "\"knee pain\"" => vec![times(&|word| word == "knee"), times(&|word| word == "pain"), pairs],
        other => panic!("{other}"),
    };
    terms.iter().map(|times| of_term(*times, text.len())).sum::<f64>() / terms.len() as f64
}

fn matches(asked: &str, text: &[usize]) -> bool {
    let has = |wanted: &str| text.iter().any(|word| WORDS[*word] == wanted);
    match asked {
        "knee" => has("knee"),
        "knee OR pain" => has("knee") || has("pain"),
        "kne*" => has("knee") || has("kneecap"),
        "left -pain" => has("left") && !has("pain"),
        _ => text.windows(2).any(|pair| WORDS[pair[0]] == "knee" && WORDS[pair[1]] == "pain"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_fits_best_comes_first(
        texts in prop::collection::vec(prop::collection::vec(0..WORDS.len(), 1..40), 1..30),
        sealed in 0..40_usize,
        asked in prop::sample::select(vec!["knee", "knee OR pain", "kne*", "left -pain", "\"knee pain\""]),
        descending in any::<bool>(),
        count in 1..6_usize,
    ) {
        let changes: Vec<Change> = texts.iter().enumerate().map(|(number, text)| change(number, text)).collect();
        let (_dir, engines) = sealed_in_part(&changes, sealed);
        let sign = if descending { "-" } else { "" };
        let query = query(&format!("Patient?_text={asked}&_sort={sign}_score&_count={count}")).unwrap();
        for engine in &engines {
            let pages = both_ways(|cursor| engine.search(&query, cursor).unwrap());
            let ids = pages.iter().flat_map(|page| &page.hits).map(|hit| hit.key.id.as_str().to_owned());
            let found: Vec<usize> = ids.map(|id| id[1..].parse().unwrap()).collect();
            let scores: Vec<f64> = found.iter().map(|number| score(asked, &texts[*number])).collect();
            // Sums of the same terms in another order differ in their last bits.
            let close = |one: f64, other: f64| one <= other + 1e-12;
            let in_order = scores.windows(2).all(|pair| match descending {
                true => close(pair[1], pair[0]),
                false => close(pair[0], pair[1]),
            });
            prop_assert!(in_order, "{} {:?}", asked, scores);
            let mut numbers = found.clone();
            numbers.sort_unstable();
            let wanted: Vec<usize> = (0..texts.len()).filter(|number| matches(asked, &texts[*number])).collect();
            prop_assert_eq!(numbers, wanted, "{}", asked);
        }
    }
}
