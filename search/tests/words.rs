//! `_text` and `_content` find what a reader of the texts finds, in segments, in the tail and in both.

mod support;

use proptest::prelude::*;
use storage::Change;
use support::*;

/// As they are written, and the words that a reader sees.
const WORDS: [(&str, &[&str]); 10] = [
    ("knee", &["knee"]),
    ("KneeCap", &["kneecap"]),
    ("pain", &["pain"]),
    ("left", &["left"]),
    ("Müller", &["muller"]),
    ("MULLER", &["muller"]),
    ("no", &["no"]),
    ("Łódź", &["lodz"]),
    ("8480-6", &["8480", "6"]),
    ("O'Neil", &["o", "neil"]),
];
const STARTS: [&str; 5] = ["kne", "KNEE", "mü", "8", "x"];

type Text = Vec<usize>;

/// Paragraphs of a narrative, and notes.
#[derive(Clone, Debug)]
struct Resource {
    narrative: Vec<Text>,
    notes: Vec<Text>,
}

#[derive(Clone, Debug)]
enum Ask {
    Word(usize),
    Start(usize),
    Phrase(Text),
    Not(Box<Ask>),
    All(Vec<Ask>),
    Any(Vec<Ask>, &'static str),
}

fn text() -> impl Strategy<Value = Text> {
    prop::collection::vec(0..WORDS.len(), 1..6)
}

fn resource() -> impl Strategy<Value = Resource> {
    (prop::collection::vec(text(), 0..3), prop::collection::vec(text(), 0..3))
        .prop_map(|(narrative, notes)| Resource { narrative, notes })
}

fn ask() -> impl Strategy<Value = Ask> {
    let leaf = prop_oneof![
        3 => (0..WORDS.len()).prop_map(Ask::Word),
        1 => (0..STARTS.len()).prop_map(Ask::Start),
        2 => prop::collection::vec(0..WORDS.len(), 1..4).prop_map(Ask::Phrase),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        let or = prop::sample::select(vec![" OR ", " | ", ","]);
        prop_oneof![
            1 => inner.clone().prop_map(|one| Ask::Not(Box::new(one))),
            3 => prop::collection::vec(inner.clone(), 1..4).prop_map(Ask::All),
            2 => (prop::collection::vec(inner, 1..4), or).prop_map(|(any, or)| Ask::Any(any, or)),
        ]
    })
}

fn written(text: &[usize]) -> String {
    text.iter().map(|word| WORDS[*word].0).collect::<Vec<_>>().join(" ")
}

fn read(text: &[usize]) -> Vec<&'static str> {
    text.iter().flat_map(|word| WORDS[*word].1).copied().collect()
}

impl Resource {
    fn json(&self, number: usize) -> String {
        let paragraph = |text: &Text| format!("<p>{}</p>", written(text).replace("ll", "<b>l</b>l"));
        let narrative: String = self.narrative.iter().map(paragraph).collect();
        let notes: Vec<String> =
            self.notes.iter().map(|text| format!(r#"{{"text":"{}"}}"#, written(text))).collect();
        let notes = match notes.is_empty() {
            true => String::new(),
            false => format!(r#","note":[{}]"#, notes.join(",")),
        };
        let text = match self.narrative.is_empty() {
            true => String::new(),
            false => format!(r#","text":{{"status":"generated","div":"<div>{narrative}</div>"}}"#),
        };
        format!(
            r#"{{"resourceType":"Observation","id":"o{number}","status":"final","code":{{}}{notes}{text}}}"#
        )
    }
}

impl Ask {
    fn text(&self) -> String {
        match self {
            Ask::Word(word) => WORDS[*word].0.to_owned(),
            Ask::Start(start) => format!("{}*", STARTS[*start]),
            Ask::Phrase(words) => format!("\"{}\"", written(words)),
            Ask::Not(one) => format!("NOT ({})", one.text()),
            Ask::All(all) => format!("({})", all.iter().map(Ask::text).collect::<Vec<_>>().join(" ")),
            Ask::Any(any, or) => format!("({})", any.iter().map(Ask::text).collect::<Vec<_>>().join(or)),
        }
    }

    fn holds(&self, texts: &[Vec<&str>]) -> bool {
        let side_by_side =
            |words: &[&str]| texts.iter().any(|text| text.windows(words.len()).any(|some| some == words));
        match self {
            Ask::Word(word) => side_by_side(WORDS[*word].1),
            Ask::Start(start) => {
                let start = ["kne", "knee", "mu", "8", "x"][*start];
                texts.iter().flatten().any(|word| word.starts_with(start))
            }
            Ask::Phrase(words) => side_by_side(&read(words)),
            Ask::Not(one) => !one.holds(texts),
            Ask::All(all) => all.iter().all(|one| one.holds(texts)),
            Ask::Any(any, _) => any.iter().any(|one| one.holds(texts)),
        }
    }
}

proptest! {
    // A failing case prints its seed and shrinks.
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn words_are_found_as_a_reader_finds_them(
        resources in prop::collection::vec(resource(), 1..30),
        asked in prop::collection::vec(ask(), 40),
        sealed in 0usize..30,
    ) {
        let change = |(number, one): (usize, &Resource)| put("Observation", &format!("o{number}"), 1, &one.json(number));
        let changes: Vec<Change> = resources.iter().enumerate().map(change).collect();
        let (_dir, [engine, memory]) = sealed_in_part(&changes, sealed);
        let type_code = code("Observation").0;
        for ask in &asked {
            for (name, with_notes) in [("_text", false), ("_content", true)] {
                let holds = |one: &Resource| {
                    let notes = one.notes.iter().filter(|_| with_notes);
                    let texts: Vec<Vec<&str>> = one.narrative.iter().chain(notes).map(|text| read(text)).collect();
                    ask.holds(&texts)
                };
                let mut expected: Vec<String> = resources.iter().enumerate()
                    .filter(|(_, one)| holds(one)).map(|(number, _)| format!("{type_code}/o{number}")).collect();
                expected.sort();
                let url = format!("Observation?{name}={}&_total=accurate&_count=7", ask.text());
                let query = query(&url).expect(&url);
                assert_same_pages(&engine, &memory, &query);
                prop_assert_eq!(found(&engine, &query), expected, "{} sealed {}\n{:#?}", url, sealed, resources);
            }
        }
    }
}

#[test]
fn all_types_are_searched_at_once() {
    let rows = [
        put("Patient", "a", 1, r#"{"resourceType":"Patient","id":"a","name":[{"text":"Anna Rose"}]}"#),
        put("Organization", "b", 1, r#"{"resourceType":"Organization","id":"b","name":"Rose clinic"}"#),
        put(
            "Bundle",
            "c",
            1,
            r#"{"resourceType":"Bundle","id":"c","type":"collection","entry":[{"resource":{"resourceType":"Basic","code":{"text":"rose"}}}]}"#,
        ),
    ];
    let (_dir, engines) = both();
    for engine in engines {
        publish(&engine, &rows, 0);
        for (url, count) in [
            ("?_content=rose", 3),
            ("?_content=rose -clinic", 2),
            ("?_text=rose", 0),
            ("?_type=Patient,Organization&_content=rose", 2),
            ("Bundle?_content=ROSE", 1),
        ] {
            let query = query(url).expect(url);
            assert_eq!(found(&engine, &query).len(), count, "{url}");
            assert_eq!(expected(&rows, &query), found(&engine, &query), "{url}");
        }
    }
}
