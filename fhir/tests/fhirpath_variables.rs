//! `defineVariable`: what it is, where it is known, and where its name is taken.

use fhir::definitions::TypeId;
use fhir::fhirpath::{Collection, Error, Expression, Input, Item, Limits, Value, parse};
use fhir::json::{self, Document};

const PATIENT: &str = r#"{"resourceType": "Patient", "id": "p", "active": true, "name": [
    {"use": "official", "family": "Chalmers", "given": ["Peter", "James"]}, {"use": "usual", "given": ["Jim"]}]}"#;

fn evaluate_with(text: &str, variables: &[(&str, Collection<'_>)], limits: Limits) -> Result<String, Error> {
    let document = Document::parse(PATIENT, &json::Limits::default()).expect("JSON");
    let expression = Expression::compile(text)?;
    // The variables given are without elements, so any document's lifetime will do.
    let variables: Vec<(&str, Collection<'_>)> =
        variables.iter().map(|(name, items)| (*name, items.clone())).collect();
    let input = Input { variables: &variables, limits, ..Input::resource(document.root()) };
    let items = expression.evaluate(&input)?;
    let show = |item: &Item<'_>| item.value().map_or("?".to_owned(), |value| value.to_string());
    Ok(items.iter().map(show).collect::<Vec<_>>().join(","))
}

fn evaluate(text: &str) -> Result<String, Error> {
    evaluate_with(text, &[], Limits::default())
}

#[track_caller]
fn table(rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        let found = evaluate(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(&found, expected, "{text}");
    }
}

#[test]
fn the_value_is_that_of_the_expression_or_of_the_input() {
    table(&[
        ("defineVariable('v', 'a').select(%v)", "a"),
        ("name.given.defineVariable('g').count()", "3"),
        (
            "name.given.defineVariable('g').select($this & '/' & %g.count().toString())",
            "Peter/3,James/3,Jim/3",
        ),
        ("name.defineVariable('one', first()).select(%one.family)", "Chalmers,Chalmers"),
        ("name.defineVariable('one', skip(1).given).where(given = %one).use", "usual"),
        ("name.defineVariable('all', $this.given.count()).select(%all)", "3,3"),
        ("name.defineVariable('n', where($this.use = 'usual').given).select(%n)", "Jim,Jim"),
        ("name.defineVariable('n', HumanName.use).first().select(%n)", "official,usual"),
        ("photo.defineVariable('v', 'a').select(%v)", ""),
        ("defineVariable('v', {}).select(%v).exists()", "false"),
        ("defineVariable('v', id & 'x').id", "p"),
    ]);
}

#[test]
fn it_is_known_to_what_follows() {
    table(&[
        ("defineVariable('a', 'x').defineVariable('b', %a & 'y').select(%a & %b)", "xxy"),
        ("name.defineVariable('n', given.count()).given[%n - 3]", "Peter"),
        // Functions that look at their arguments first.
        ("defineVariable('u', 'o').id.replace('p', %u)", "o"),
        ("defineVariable('s', 'b').iif(%s = 'b', %s, 'c')", "b"),
        ("(1 | 2).defineVariable('s', 10).aggregate($this + $total, %s)", "13"),
        ("name.defineVariable('t', given).select(use).combine(%t).count()", "5"),
        (
            "name.select(defineVariable('n', family | given.first()).given.select(%n.first() & '-' & $this))",
            "Chalmers-Peter,Chalmers-James,Jim-Jim",
        ),
        (
            "defineVariable('r', 'r-').select(defineVariable('v', 'a').defineVariable('w', 'b').select(%v | %w)).select(%r & $this)",
            "r-a,r-b",
        ),
        ("(defineVariable('a', 1)).select(%a)", "1"),
    ]);
}

#[test]
fn operands_and_arguments_have_scopes_of_their_own() {
    table(&[
        ("defineVariable('a', 1).select(%a) | defineVariable('a', 2).select(%a)", "1,2"),
        ("'aaa'.replace(defineVariable('p', 'aaa').select(%p), defineVariable('p', 'b').select(%p))", "b"),
        (
            "name.select(defineVariable('n', use)).select(defineVariable('n', given.first()).select(%n))",
            "Peter,Jim",
        ),
    ]);
    for text in [
        "defineVariable('a', 1).active | %a",
        "defineVariable('a', 1).id & %a.toString()",
        "defineVariable('a', 1).exists() and %a = 1",
        "name.select(defineVariable('a', 1)).select(%a)",
        "name.where(defineVariable('a', use).exists()).select(%a)",
        "name.skip(%a).defineVariable('a', 1)",
        "defineVariable('a', %a).id",
        "%a.defineVariable('a', 1)",
    ] {
        assert!(matches!(evaluate(text), Err(Error::UnknownVariable { .. })), "{text}: {:?}", evaluate(text));
    }
}

#[test]
fn names_in_use_are_refused() {
    for text in [
        "defineVariable('a', 1).defineVariable('a', 2)",
        "defineVariable('a', 1).select(defineVariable('a', 2))",
        "defineVariable('context', 1)",
        "defineVariable('resource', 1)",
        "defineVariable('rootResource', 1)",
        "defineVariable('sct', 1)",
        "defineVariable('loinc', 1)",
        "defineVariable('ucum', 1)",
        "defineVariable('vs-a', 1)",
        "defineVariable('ext-a', 1)",
    ] {
        assert!(matches!(Expression::compile(text), Err(Error::VariableExists { .. })), "{text}");
    }
    let given = [("host", vec![Item::Value(Value::Boolean(true))])];
    let with = |text| evaluate_with(text, &given, Limits::default());
    assert_eq!(with("defineVariable('other', %host).select(%other)"), Ok("true".into()));
    assert!(matches!(with("defineVariable('host', 1)"), Err(Error::VariableExists { .. })));
    for text in ["defineVariable()", "defineVariable('a', 1, 2)", "defineVariable(id)", "defineVariable(1)"] {
        assert!(Expression::compile(text).is_err(), "{text}");
    }
}

#[test]
fn it_is_checked_as_what_it_is_called_on() {
    let patient = TypeId::from_path("Patient").expect("a type");
    let check = |text: &str| Expression::compile(text).expect(text).check(patient);
    assert_eq!(check("name.defineVariable('n', given).family"), Ok(()));
    assert!(check("name.defineVariable('n', given).birthDate").is_err());
    assert!(check("name.defineVariable('n', birthDate).family").is_err());
}

#[test]
fn what_is_kept_is_bounded() {
    let mut text = "defineVariable('v0', 1 | 2)".to_owned();
    for number in 1..30 {
        text += &format!(".defineVariable('v{number}', %v{0}.combine(%v{0}))", number - 1);
    }
    text += ".select(%v29.count())";
    let limits = Limits { steps_max: 100_000, ..Limits::default() };
    assert!(matches!(evaluate_with(&text, &[], limits), Err(Error::TooManySteps { .. })));
    let work = || {
        let count = parse::DEPTH_MAX - 10;
        let chain: String = (0..count).map(|number| format!(".defineVariable('v{number}', 1)")).collect();
        assert_eq!(evaluate(&format!("Patient{chain}.select(%v{})", count - 1)), Ok("1".into()));
    };
    // Half of what threads have by default.
    std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(work)
        .expect("a thread")
        .join()
        .expect("no overflow");
}
