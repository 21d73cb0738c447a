//! What the two tenants ask: every kind of interaction, about few ids that both have, so that each has what the other might see.

use super::plain::Given;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

/// One request. `${id}` in it stands for an id that the server gave.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    /// The number of the id.
    pub given: usize,
    /// All pages of the answer are asked for.
    pub pages: bool,
}

impl Asked {
    fn new(method: &'static str, path: impl Into<String>) -> Asked {
        let (headers, body) = Default::default();
        Asked { method, path: path.into(), headers, body, given: 0, pages: false }
    }

    fn with(mut self, body: &Value) -> Asked {
        self.body = body.to_string();
        self
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Asked {
        self.headers.push((name, value.into()));
        self
    }

    /// With the ids of a server.
    pub fn at(&self, given: &Given) -> Asked {
        let id = given.of(self.given);
        let filled = |text: &str| text.replace("${id}", id);
        let headers = self.headers.iter().map(|(name, value)| (*name, filled(value))).collect();
        Asked { path: filled(&self.path), body: filled(&self.body), headers, ..self.clone() }
    }
}

fn patient(of: &str, random: &mut StdRng) -> Value {
    let gender = ["male", "female", "other"].choose(random).unwrap();
    let family = ["Adams", "Baker", "Clark"].choose(random).unwrap();
    let number = random.random_range(0..4);
    json!({
        "resourceType": "Patient", "gender": gender, "active": random.random_bool(0.5),
        "identifier": [{"system": "urn:s", "value": format!("v{number}")}],
        "name": [{"family": family, "given": [of]}],
        "managingOrganization": {"reference": format!("Organization/g{}", random.random_range(0..2))},
    })
}

/// No two are of one moment: which is the newest of several would be a matter of their tenant's number.
fn observation(of: &str, random: &mut StdRng) -> Value {
    let moment = random.random_range(0..24 * 3600);
    let time = format!("{:02}:{:02}:{:02}", moment / 3600, moment / 60 % 60, moment % 60);
    json!({
        "resourceType": "Observation", "status": "final",
        "code": {"coding": [{"system": "urn:c", "code": format!("c{}", random.random_range(0..3))}], "text": of},
        "subject": {"reference": format!("Patient/p{}", random.random_range(0..3))},
        "effectiveDateTime": format!("2026-0{}-01T{time}Z", random.random_range(1..9)),
        "valueQuantity": {"value": random.random_range(0..9), "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
    })
}

fn value_set(of: &str, random: &mut StdRng) -> Value {
    let codes: Vec<Value> =
        (0..random.random_range(1..4)).map(|code| json!({"code": format!("{of}{code}")})).collect();
    json!({
        "resourceType": "ValueSet", "url": "http://example.org/v", "status": "active",
        "compose": {"include": [{"system": "urn:c", "concept": codes}]},
    })
}

fn search_parameter(random: &mut StdRng) -> Value {
    let expression = ["Patient.name.given", "Patient.name.family"].choose(random).unwrap();
    json!({
        "resourceType": "SearchParameter", "url": "http://example.org/own", "name": "own", "description": "own", "code": "own",
        "status": "active", "base": ["Patient"], "type": "string", "expression": expression,
    })
}

fn with_id(mut resource: Value, id: &str) -> Value {
    resource["id"] = id.into();
    resource
}

const SEARCHES: &[&str] = &[
    "Patient?_count=2",
    "Patient?_total=accurate&_count=3",
    "Patient?family=Adams,Baker&_count=50",
    "Patient?identifier=urn:s|v1",
    "Patient?_sort=family,_id&_count=2",
    "Patient?_summary=count",
    "Patient?_summary=count&gender=male",
    "Patient?_has:Observation:subject:code=c1&_count=50",
    "Patient?_id=p0,p1&_include=Patient:organization&_revinclude=Observation:subject",
    "Patient?organization.name=o&_count=50",
    "Patient?_text=Adams",
    "Patient?_list=l0",
    "Observation?_count=3&_include=Observation:subject",
    "Observation?subject=Patient/p0&_sort=-date&_count=2",
    "Observation?patient=p1",
    "Observation?subject:Patient.gender=female&_count=50",
    "Observation?patient.organization.name=o&_count=50",
    "Observation?code:in=http://example.org/v&_count=50",
    "Observation?code-value-quantity=urn:c|c1$gt3&_count=50",
    "Organization?_has:Patient:organization:gender=male",
    "Patient/p0/Observation?_count=2",
    "Patient/p1/*?_count=50",
    "?_type=Patient,Observation,Organization&_count=5",
    "?_id=p0",
    "Patient?own=a,b&_count=50",
    "Patient?own=Adams&_count=50",
    "Basic?_id=${id}",
    "Patient?_id=${id}",
    "Patient?_filter=family eq Adams and gender eq female&_count=50",
    "Patient?unknown=x",
];

const READS: &[&str] = &[
    "Patient/p0",
    "Patient/p1",
    "Patient/p2",
    "Patient/${id}",
    "Patient/${id}/_history",
    "Patient/p0/_history/2",
    "Patient/p1/_history/1",
    "Observation/o0/_history/1",
    "Patient/p0?_summary=true",
    "Organization/g0",
    "metadata",
    "metadata?_elements=rest",
    "Patient/p0/$everything?_count=3",
    "Patient/p1/$everything",
    "Observation/$lastn?patient=Patient/p0&max=2",
    "Patient/p0/$meta",
    "ValueSet/$expand?url=http://example.org/v",
    "ValueSet/v0/$expand",
    "ValueSet/$validate-code?url=http://example.org/v&system=urn:c&code=a1",
    "ValueSet/$validate-code?url=http://example.org/v&system=urn:c&code=b1",
    "SearchParameter/own",
];

const HISTORIES: &[&str] = &[
    "_history?_count=3",
    "Patient/_history?_count=4",
    "Observation/_history",
    "Patient/p0/_history?_count=2",
    "Patient/p1/_history?_count=2",
];

/// One of the tenant `of`.
pub fn any(of: &str, random: &mut StdRng) -> Asked {
    let given = random.random_range(0..20);
    let pages = |list: &[&str], random: &mut StdRng| Asked {
        given,
        pages: true,
        ..Asked::new("GET", (*list.choose(random).unwrap()).to_owned())
    };
    match random.random_range(0..12) {
        0..=2 => pages(SEARCHES, random),
        3 => pages(READS, random),
        4 => pages(HISTORIES, random),
        5 => search_by_form(random),
        6 | 7 => put(of, random),
        8 => create(of, random),
        9 => Asked { given, ..change(random) },
        10 if random.random_bool(0.3) => {
            let bundle = keyed(random, |own| bundle(of, own));
            Asked { headers: vec![("idempotency-key", format!("b-{}", bundle.headers[0].1))], ..bundle }
        }
        10 => bundle(of, random),
        _ => define(of, random),
    }
}

fn search_by_form(random: &mut StdRng) -> Asked {
    let form = ["gender=male&_count=50", "family=Adams&_count=2", "_id=p0,p1,p2"].choose(random).unwrap();
    let mut asked = Asked::new("POST", "Patient/_search");
    asked.body = (*form).to_owned();
    asked.pages = true;
    asked.header("content-type", "application/x-www-form-urlencoded")
}

fn put(of: &str, random: &mut StdRng) -> Asked {
    let number = random.random_range(0..3);
    let (name, resource) = match random.random_range(0..4) {
        0 => (
            format!("Organization/g{}", number % 2),
            json!({"resourceType": "Organization", "name": format!("o-{of}")}),
        ),
        1 => (format!("Patient/p{number}"), patient(of, random)),
        2 => (
            "List/l0".to_owned(),
            json!({"resourceType": "List", "status": "current", "mode": "working",
            "entry": [{"item": {"reference": format!("Patient/p{number}")}}]}),
        ),
        _ => (format!("Observation/o{}", random.random_range(0..5)), observation(of, random)),
    };
    let id = name.split('/').next_back().unwrap();
    let asked = Asked::new("PUT", name.clone()).with(&with_id(resource, id));
    match random.random_range(0..5) {
        0 => asked.header("if-match", format!("W/\"{}\"", random.random_range(1..4))),
        1 => asked.header("if-none-match", "*"),
        _ => asked,
    }
}

fn create(of: &str, random: &mut StdRng) -> Asked {
    let criteria = format!("identifier=urn:s|v{}", random.random_range(0..4));
    let resource = patient(of, random);
    match random.random_range(0..5) {
        0 => Asked::new("POST", "Patient").with(&resource).header("if-none-exist", criteria),
        1 => Asked::new("PUT", format!("Patient?{criteria}")).with(&resource),
        2 => keyed(random, |own| Asked::new("POST", "Patient").with(&patient(of, own))),
        3 => Asked::new("POST", "Observation").with(&observation(of, random)),
        _ => Asked::new("POST", "Patient").with(&resource).header("prefer", "return=OperationOutcome"),
    }
}

fn change(random: &mut StdRng) -> Asked {
    let target =
        ["Patient/p0", "Patient/p1", "Patient/${id}", "Patient?identifier=urn:s|v1"].choose(random).unwrap();
    let patch = json!([{"op": "add", "path": "/active", "value": random.random_bool(0.5)}]);
    match random.random_range(0..5) {
        0 => Asked::new("DELETE", (*target).to_owned()),
        1 => Asked::new("DELETE", format!("Observation/o{}", random.random_range(0..5))),
        2 => Asked::new("POST", "Patient/p0/$meta-add").with(&json!({"resourceType": "Parameters", "parameter": [
            {"name": "meta", "valueMeta": {"tag": [{"system": "urn:t", "code": format!("t{}", random.random_range(0..2))}]}}]})),
        3 => Asked::new("PATCH", (*target).to_owned())
            .with(&json!({"birthDate": format!("197{}-01-01", random.random_range(0..9))}))
            .header("content-type", "application/merge-patch+json"),
        _ => Asked::new("PATCH", (*target).to_owned())
            .with(&patch)
            .header("content-type", "application/json-patch+json"),
    }
}

fn bundle(of: &str, random: &mut StdRng) -> Asked {
    let number = random.random_range(0..3);
    let entry = |method: &str, url: String, resource: Option<Value>| {
        let mut entry = json!({"request": {"method": method, "url": url}});
        if let Some(resource) = resource {
            entry["resource"] = resource;
        }
        entry
    };
    let mut of_new = observation(of, random);
    of_new["subject"] = json!({"reference": "urn:uuid:8d8a6c2e-0000-4000-8000-000000000001"});
    let mut created = entry("POST", "Patient".to_owned(), Some(patient(of, random)));
    created["fullUrl"] = "urn:uuid:8d8a6c2e-0000-4000-8000-000000000001".into();
    if random.random_bool(0.5) {
        created["request"]["ifNoneExist"] = format!("identifier=urn:s|v{number}").into();
    }
    let mut by_criteria = observation(of, random);
    by_criteria["subject"] = json!({"reference": format!("Patient?identifier=urn:s|v{number}")});
    let mut entries = vec![
        created,
        entry("POST", "Observation".to_owned(), Some(of_new)),
        entry("PUT", format!("Patient/p{number}"), Some(with_id(patient(of, random), &format!("p{number}")))),
        entry("GET", format!("Patient/p{number}"), None),
        entry("GET", "Patient?gender=male&_summary=count".to_owned(), None),
    ];
    if random.random_bool(0.3) {
        entries.push(entry("POST", "Observation".to_owned(), Some(by_criteria)));
    }
    if random.random_bool(0.3) {
        entries.push(entry("DELETE", format!("Observation/o{}", random.random_range(0..5)), None));
    }
    let kind = ["transaction", "batch"].choose(random).unwrap();
    Asked::new("POST", "").with(&json!({"resourceType": "Bundle", "type": kind, "entry": entries}))
}

/// A request under a key that both tenants have, each for one of its own: which refusal comes first where it is another one is a matter
/// of where the key is kept.
fn keyed(random: &mut StdRng, asked: impl Fn(&mut StdRng) -> Asked) -> Asked {
    let number = random.random_range(0..4);
    asked(&mut StdRng::seed_from_u64(number)).header("idempotency-key", format!("k{number}"))
}

fn define(of: &str, random: &mut StdRng) -> Asked {
    match random.random_range(0..7) {
        0 => Asked::new("PUT", "SearchParameter/own").with(&with_id(search_parameter(random), "own")),
        1 => Asked::new("DELETE", "SearchParameter/own"),
        2 => Asked::new("DELETE", "ValueSet/v0"),
        3 => Asked::new("POST", "Patient/$validate").with(&patient(of, random)),
        4 => {
            Asked::new("POST", "Patient/$validate").with(&json!({"resourceType": "Patient", "gender": "mal"}))
        }
        _ => Asked::new("PUT", "ValueSet/v0").with(&with_id(value_set(of, random), "v0")),
    }
}
