//! What each family of functions and operators means, as tables of expression and result.

use fhir::definitions::TypeId;
use fhir::fhirpath::{Element, Error, Expression, Host, Input, Item, Options};
use fhir::json::{Document, Limits, Node};

const PATIENT: &str = r##"{
    "resourceType": "Patient", "id": "p", "active": true,
    "name": [
        {"use": "official", "family": "Chalmers", "given": ["Peter", "James"]},
        {"use": "usual", "given": ["Jim", null], "_given": [null, {"extension": [{"url": "u", "valueCode": "x"}]}]}
    ],
    "birthDate": "1974-12", "_birthDate": {"id": "b", "extension": [{"url": "http://t", "valueDateTime": "1974-12-25T14:35:45-05:00"}]},
    "_gender": {"extension": [{"url": "absent", "valueBoolean": true}]},
    "multipleBirthInteger": 2,
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Org"}],
    "managingOrganization": {"reference": "#o"},
    "generalPractitioner": [{"reference": "Practitioner/1"}, {"reference": "http://s/Organization/2"}, {"display": "?"}],
    "extension": [
        {"url": "age", "valueAge": {"value": 40, "system": "http://unitsofmeasure.org", "code": "a"}},
        {"url": "kg", "valueQuantity": {"value": 70.50, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}},
        {"url": "less", "valueQuantity": {"value": 7, "comparator": "<", "unit": "kg"}},
        {"url": "own", "valueQuantity": {"value": 7, "system": "http://own", "code": "kg"}}
    ],
    "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a</p></div>"},
    "unknown": {"thing": [1, 2]}
}"##;

/// Items as `toString()` has them, complex ones as their type, joined with commas.
fn show(items: &[Item<'_>]) -> String {
    let one = |item: &Item<'_>| match item.value() {
        Some(value) => value.to_string(),
        None => item.type_info().name.to_owned(),
    };
    items.iter().map(one).collect::<Vec<_>>().join(",")
}

fn evaluate(text: &str) -> Result<String, Error> {
    let document = Document::parse(PATIENT, &Limits::default()).expect("JSON");
    let expression = Expression::compile(text)?;
    Ok(show(&expression.evaluate(&Input::resource(document.root()))?))
}

#[track_caller]
fn table(rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        let found = evaluate(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(&found, expected, "{text}");
    }
}

#[track_caller]
fn errors(rows: &[&str]) {
    for text in rows {
        assert!(evaluate(text).is_err(), "{text}");
    }
}

#[test]
fn paths() {
    table(&[
        ("name.given", "Peter,James,Jim,string"),
        ("name[0].given[1]", "James"),
        ("name[9].given", ""),
        ("Patient.multipleBirth", "2"),
        ("multipleBirth.type().name", "integer"),
        ("multipleBirthInteger", ""),
        ("Observation.id", ""),
        ("Resource.id", "p"),
        ("DomainResource.contained.name", "Org"),
        ("birthDate.extension.value", "1974-12-25T14:35:45-05:00"),
        ("birthDate.id", "b"),
        ("gender", "code"),
        ("gender.extension('absent').value", "true"),
        ("unknown.thing", ""),
        ("nothing.at.all", ""),
        ("name.select($index)", "0,1"),
        ("name.given.first().length()", "5"),
    ]);
}

#[test]
fn existence() {
    table(&[
        ("name.exists()", "true"),
        ("gender.exists()", "true"),
        ("photo.exists()", "false"),
        ("name.exists(family = 'Chalmers')", "true"),
        ("photo.all(false)", "true"),
        ("name.all(given.exists())", "true"),
        ("name.given.count()", "4"),
        ("({} | true).allTrue()", "true"),
        ("(true | false).anyFalse()", "true"),
        ("(true | false).allFalse()", "false"),
        ("(1 | 2).subsetOf(1 | 2 | 3)", "true"),
        ("(1 | 2).supersetOf(1 | 2 | 3)", "false"),
        ("(1.combine(1)).isDistinct()", "false"),
        ("'a'.combine('a' | 'b').distinct()", "a,b"),
        ("{}.not()", ""),
        ("'x'.not()", "false"),
    ]);
    errors(&["(1 | 2).not()", "(true | 1).allTrue()", "name.exists(1, 2)"]);
}

#[test]
fn filtering_and_subsetting() {
    table(&[
        ("name.where(use = 'usual').given.first()", "Jim"),
        ("name.where($index = 1).use", "usual"),
        ("name.select(given.first() | family)", "Peter,Chalmers,Jim"),
        ("repeat(contained).id", "o"),
        ("(1 | 2 | 3).tail()", "2,3"),
        ("(1 | 2 | 3).skip(-1)", "1,2,3"),
        ("(1 | 2 | 3).skip(2)", "3"),
        ("(1 | 2 | 3).take(0)", ""),
        ("(1 | 2 | 3).take(2)", "1,2"),
        ("(1 | 2 | 3).last()", "3"),
        ("{}.single()", ""),
        ("(1 | 2 | 3).intersect(3 | 2)", "2,3"),
        ("1.combine(1 | 2).exclude(2)", "1,1"),
        ("('b' | 'a' | 'c').sort()", "a,b,c"),
        ("(1 | 3 | 2).sort(-$this)", "3,2,1"),
        ("extension.value.ofType(Quantity).count()", "4"),
        ("extension.value.ofType(Age).count()", "1"),
        ("(1 | 2 | 3).aggregate($total + $this, 10)", "16"),
        ("(1 | 2 | 3).aggregate($this * $index)", "6"),
    ]);
    errors(&["(1 | 2).single()", "(1 | 2).skip('a')", "(1 | 'a').sort()", "name.as(HumanName)"]);
}

#[test]
fn conversion() {
    table(&[
        ("iif(true, 'a', 1 / 'x')", "a"),
        ("iif({}, 'a')", ""),
        ("'T'.toBoolean()", "true"),
        ("'maybe'.toBoolean()", ""),
        ("'2147483648'.toInteger()", ""),
        ("'-7'.toInteger()", "-7"),
        ("'1e3'.toDecimal()", ""),
        ("'1.50'.toDecimal()", "1.50"),
        ("1.50.toString()", "1.50"),
        ("'2014-12-14T10:00'.toDate()", "2014-12-14"),
        ("'2014-13'.convertsToDate()", "false"),
        ("birthDate.toDateTime()", "1974-12"),
        ("'14:30'.toTime()", "14:30"),
        ("'T14:30'.convertsToTime()", "true"),
        ("'24:30'.convertsToTime()", "false"),
        ("'5 days'.toQuantity()", "5 days"),
        ("'5 \\'mg\\''.toQuantity('g')", "0.005 'g'"),
        ("'5 mg'.convertsToQuantity()", "false"),
        ("{}.convertsToInteger()", ""),
        ("name[0].convertsToString()", "false"),
    ]);
    errors(&["(1 | 2).toString()", "iif('a', 1)", "iif(true | false, 1, 2)"]);
}

#[test]
fn strings() {
    table(&[
        ("'äöü'.length()", "3"),
        ("'äöü'.substring(1, 1)", "ö"),
        ("'abc'.substring(3)", ""),
        ("'abc'.substring(1, 9)", "bc"),
        ("'äbc'.indexOf('c')", "2"),
        ("'abcabc'.lastIndexOf('b')", "4"),
        ("'abc'.upper() & 'DEF'.lower()", "ABCdef"),
        ("'a-b-c'.replace('-', '+')", "a+b+c"),
        ("'a1b22'.replaceMatches('([0-9]+)', '<$1>')", "a<1>b<22>"),
        ("'abc'.matches('b')", "true"),
        ("'abc'.matchesFull('b')", "false"),
        ("'a|b'.matchesFull('a|b')", "false"),
        ("'ab'.matches('a' + 'b')", "true"),
        ("'a,b'.split(',').join('+')", "a+b"),
        ("'ab'.toChars()", "a,b"),
        ("'  a '.trim()", "a"),
        ("'<a>'.escape('html').unescape('html')", "<a>"),
        ("'zz'.decode('hex')", ""),
        ("'a'.encode('rot13')", ""),
        ("{} & {}", ""),
    ]);
    errors(&[
        "1.startsWith('a')",
        "name.given.upper()",
        "'a'.matches('(')",
        "'a'.matches('(' & '')",
        "1 & 'a'",
    ]);
}

#[test]
fn math() {
    table(&[
        ("0.1 + 0.2 = 0.3", "true"),
        ("1.10 + 2", "3.10"),
        ("7 div 2", "3"),
        ("-7 mod 3", "-1"),
        ("1 / 0", ""),
        ("2147483647 + 1", ""),
        ("(-1.5).abs()", "1.5"),
        ("(-1.5).ceiling()", "-1"),
        ("(-1.5).floor()", "-2"),
        ("2.5.round()", "3"),
        ("3.14159.round(2)", "3.14"),
        ("2.power(10)", "1024"),
        ("2.power(-1)", "0.5"),
        ("9.sqrt()", "3"),
        ("(-9).sqrt()", ""),
        ("0.ln()", ""),
        ("1.587.lowBoundary(2)", "1.58"),
        ("@2014.highBoundary()", "2014-12-31"),
        ("@T10.precision()", "2"),
    ]);
    errors(&["'a'.abs()", "1.round(-1)", "1 + 'a'", "'a' - 'b'", "true * 2"]);
}

#[test]
fn dates_and_times() {
    table(&[
        ("@2012-01 = @2012-01-01", ""),
        ("@2012-01 = @2012-02-01", "false"),
        ("@2012-01 ~ @2012-01-01", "false"),
        ("@2012-01-01T10:00:00Z = @2012-01-01T11:00:00+01:00", "true"),
        ("@2012-01-01T10:00:00Z < @2012-01-01T12:00:00", ""),
        ("@2012-01-01T10:00:00Z < @2012-01-04T12:00:00", "true"),
        ("@2012-12-31T23:30:00-01:00 < @2013-01-01T00:00:00Z", "false"),
        ("@2012-01-31 + 1 month", "2012-02-29"),
        ("@2012-02-29 + 1 year", "2013-02-28"),
        ("@2012 + 13 months", "2013"),
        ("@2012-03 - 1 month", "2012-02"),
        ("@2012-01-01 + 25 hours", "2012-01-02"),
        ("@2012-01-01T00:00:00.000Z + 1.9 seconds", "2012-01-01T00:00:01.000Z"),
        ("@T23:30 + 1 hour", "00:30"),
        ("@9999-12-31 + 1 day", ""),
        ("birthDate < @1975", "true"),
        ("birthDate < @1974-12-10", ""),
        ("@2012-01-01T10:20:30.456+02:00.toString()", "2012-01-01T10:20:30.456+02:00"),
    ]);
    errors(&["@2012 < @T10:00", "@2012 + 1", "@2012-01-01 + 1 'mo'", "@2012-02-30", "now()"]);
}

#[test]
fn quantities() {
    table(&[
        ("1 'kg' = 1000 'g'", "true"),
        ("1 'kg' = 1 's'", ""),
        ("1 'kg' < 1 's'", ""),
        ("1 year = 12 months", "true"),
        ("1 year = 1 'a'", ""),
        ("1 year ~ 1 'a'", "true"),
        ("37 'Cel' = 310.15 'K'", "true"),
        ("1 'kg' + 1 'g'", "1.001 'kg'"),
        ("6 'm' / 2 's'", "3 'm/s'"),
        ("3 'm' * 2", "6 'm'"),
        ("1 '[in_i]'.comparable(1 'cm')", "true"),
        ("extension('kg').value > 70000 'g'", "true"),
        ("extension('kg').value.value", "70.50"),
        ("extension('age').value = 40 years", "true"),
        ("extension('less').value = 7 'kg'", "false"),
        ("extension('own').value = extension('own').value", "true"),
        ("-(1 'kg')", "-1 'kg'"),
        ("5 = 5 '1'", "true"),
    ]);
}

#[test]
fn equality_and_membership() {
    table(&[
        ("name[0] = name[0]", "true"),
        ("name[0] = name[1]", "false"),
        ("'A b' ~ 'a  B'", "true"),
        ("1.21 ~ 1.2", "true"),
        ("(1 | 2) ~ (2 | 1)", "true"),
        ("(1 | 2) = (2 | 1)", "false"),
        ("{} ~ {}", "true"),
        ("{} = 1", ""),
        ("'a' in {}", "false"),
        ("{} in 'a'", ""),
        ("('a' | 'b') contains 'b'", "true"),
        ("1 = '1'", "false"),
        ("true xor {}", ""),
        ("{} implies true", "true"),
        ("false and (1 | 2)", "false"),
    ]);
    errors(&["(1 | 2) in (1 | 2)", "(1 | 2) and true", "1 < 'a'", "name < name", "(1 | 2) < 3"]);
}

#[test]
fn types() {
    table(&[
        ("birthDate is date", "true"),
        ("birthDate is Element", "true"),
        ("birthDate is Date", "false"),
        ("gender is string", "true"),
        ("gender.ofType(string)", ""),
        ("Patient is DomainResource", "true"),
        ("1 is System.Integer", "true"),
        ("1 is FHIR.integer", "false"),
        ("1 is System.Nonsense", "false"),
        ("name[0].type().name", "HumanName"),
        ("contained.type().name", "Organization"),
        ("contained.ofType(Patient)", ""),
        ("conformsTo('http://hl7.org/fhir/StructureDefinition/DomainResource')", "true"),
        ("conformsTo('http://hl7.org/fhir/StructureDefinition/Observation')", "false"),
    ]);
    errors(&["1 is Nonsense", "1 is FHIR.Nonsense", "1.ofType(1)", "conformsTo('http://nowhere')"]);
}

#[test]
fn functions_of_fhir() {
    table(&[
        ("birthDate.hasValue()", "true"),
        ("gender.hasValue()", "false"),
        ("name.hasValue()", "false"),
        ("birthDate.getValue()", "1974-12"),
        ("gender.getValue()", ""),
        ("name.getValue()", ""),
        ("name.given.getValue()", ""),
        ("extension('kg').url", "kg"),
        ("birthDate.extension('http://t').value.hasValue()", "true"),
        ("extension({})", ""),
        ("checkModifiers('a', 'b').id", "p"),
        ("checkModifiers().id", "p"),
        ("photo.conformsTo('http://nowhere')", ""),
        ("photo.slice('http://nowhere', 's')", ""),
        ("photo.elementDefinition()", ""),
        ("photo.memberOf('http://nowhere')", ""),
        ("photo.subsumes(photo)", ""),
        ("photo.htmlChecks()", ""),
        ("text.div.htmlChecks()", "true"),
        ("'<script/>'.htmlChecks()", "false"),
        ("managingOrganization.resolve().name", "Org"),
        ("managingOrganization.resolve() is Organization", "true"),
        ("generalPractitioner.where(resolve() is Practitioner).reference", "Practitioner/1"),
        ("generalPractitioner.where(resolve() is Organization).reference", "http://s/Organization/2"),
        ("generalPractitioner.resolve()", ""),
        ("checkModifiers('a').id", "p"),
        ("%resource.id", "p"),
        ("%rootResource.id", "p"),
        ("contained.select(%context.id & %resource.id)", "pp"),
        ("%sct", "http://snomed.info/sct"),
        ("%loinc", "http://loinc.org"),
        ("%ucum", "http://unitsofmeasure.org"),
        ("%`vs-administrative-gender`", "http://hl7.org/fhir/ValueSet/administrative-gender"),
        ("name.select(%context.id)", "p,p"),
        ("%`ext-a`", "http://hl7.org/fhir/StructureDefinition/a"),
        ("%\"vs-a\"", "http://hl7.org/fhir/ValueSet/a"),
        ("name.trace('n').count()", "2"),
        ("descendants().where($this is code).count()", "9"),
        ("contained.children().count()", "2"),
    ]);
    errors(&[
        "%nothing",
        "'ax'.matchesFull('a)|(b')",
        "gender.memberOf('http://nowhere')",
        "nothing()",
        "first(1)",
    ]);
    errors(&[
        "id.slice('http://nowhere', 's')",
        "id.slice('s')",
        "id.elementDefinition()",
        "id.elementDefinition(1)",
    ]);
}

/// Knows one practitioner, one value set, one profile.
struct World(Document);

impl Host for World {
    fn resolve(&self, reference: &str) -> Option<Node<'_>> {
        (reference == "Practitioner/1").then(|| self.0.root())
    }
    fn member_of(&self, value_set: &str, coded: &Item<'_>) -> Option<bool> {
        (value_set == "http://v").then(|| coded.value().is_some_and(|value| value.to_string() == "usual"))
    }
    fn subsumes(&self, general: &Item<'_>, special: &Item<'_>) -> Option<bool> {
        Some(general.value()?.to_string().len() < special.value()?.to_string().len())
    }
    fn conforms_to(&self, profile: &str, element: &Element<'_>) -> Option<bool> {
        (profile == "http://p").then(|| element.path() == "Patient.name[0]")
    }
    fn in_slice(&self, structure: &str, name: &str, element: &Element<'_>) -> Option<bool> {
        (structure == "http://p" && name == "second").then(|| element.path().ends_with("[1]"))
    }
    fn element_definition(&self, element: &Element<'_>) -> Option<Node<'_>> {
        let names = element.path().starts_with("Patient.name");
        names.then(|| self.0.root().get("contained")?.items().next()).flatten()
    }
}

#[test]
fn the_host_is_asked() {
    let world = r#"{"resourceType":"Practitioner","id":"1","active":false,
        "contained":[{"path":"Patient.name","min":0}]}"#;
    let world = World(Document::parse(world, &Limits::default()).expect("JSON"));
    let document = Document::parse(PATIENT, &Limits::default()).expect("JSON");
    let input = Input { host: &world, ..Input::resource(document.root()) };
    for (text, expected) in [
        ("generalPractitioner.resolve().active", "false"),
        ("name.use.select(memberOf('http://v'))", "false,true"),
        ("name.where(conformsTo('http://p')).use", "official"),
        ("'a'.subsumes('ab')", "true"),
        ("'a'.subsumedBy('ab')", "false"),
        ("name.slice('http://p', 'second').use", "usual"),
        ("name.given.slice('http://p', 'second')", "James,string"),
        ("name.slice('http://p', {})", ""),
        ("name.elementDefinition().path", "Patient.name,Patient.name"),
        ("name.elementDefinition().first().min", "0"),
        ("name.elementDefinition().first() is ElementDefinition", "true"),
    ] {
        let expression = Expression::compile(text).expect(text);
        assert_eq!(show(&expression.evaluate(&input).expect(text)), expected, "{text}");
    }
    for text in
        ["name.slice('http://p', 'third')", "name.slice('http://q', 'second')", "id.elementDefinition()"]
    {
        let outcome = Expression::compile(text).expect(text).evaluate(&input);
        assert!(matches!(outcome, Err(Error::Undecided { .. })), "{text}: {outcome:?}");
    }
}

#[test]
fn references_within_a_bundle() {
    let bundle = r#"{"resourceType":"Bundle","entry":[
        {"fullUrl":"http://s/Patient/1","resource":{"resourceType":"Patient","id":"1"}},
        {"fullUrl":"urn:uuid:a","resource":{"resourceType":"Observation","id":"2","subject":{"reference":"Patient/1"},
            "focus":[{"reference":"urn:uuid:a"},{"reference":"atient/1"}]}}]}"#;
    let document = Document::parse(bundle, &Limits::default()).expect("JSON");
    let input = Input::resource(document.root());
    for (text, expected) in [
        ("Bundle.entry.resource.subject.resolve().id", "1"),
        ("Bundle.entry.resource.focus.resolve().id", "2"),
        ("entry.resource.ofType(Observation).subject.resolve() is Patient", "true"),
    ] {
        let expression = Expression::compile(text).expect(text);
        assert_eq!(show(&expression.evaluate(&input).expect(text)), expected, "{text}");
    }
}

#[test]
fn items_say_where_they_stand() {
    let document = Document::parse(PATIENT, &Limits::default()).expect("JSON");
    let expression = Expression::compile("name.given | gender | extension[1].value").expect("an expression");
    let items = expression.evaluate(&Input::resource(document.root())).expect("items");
    let paths: Vec<_> = items.iter().filter_map(Item::element).map(Element::path).collect();
    assert_eq!(
        paths,
        [
            "Patient.name[0].given[0]",
            "Patient.name[0].given[1]",
            "Patient.name[1].given[0]",
            "Patient.name[1].given[1]",
            "Patient.gender",
            "Patient.extension[1].valueQuantity"
        ]
    );
}

#[test]
fn as_filters_where_r4_wants_it() {
    let document = Document::parse(PATIENT, &Limits::default()).expect("JSON");
    let input = Input::resource(document.root());
    let filter = Expression::compile_with("descendants().as(code)", Options::R4).expect("an expression");
    assert_eq!(filter.evaluate(&input).expect("codes").len(), 9);
    assert!(Expression::compile("descendants().as(code)").expect("an expression").evaluate(&input).is_err());
}

#[test]
fn membership_is_of_each_where_r4_wants_it() {
    let document = Document::parse(PATIENT, &Limits::default()).expect("JSON");
    let input = Input::resource(document.root());
    for (text, wanted) in [
        ("('a' | 'b') in ('a' | 'b' | 'c')", Some(true)),
        ("('a' | 'd') in ('a' | 'b' | 'c')", Some(false)),
        ("('a' | 'b' | 'c') contains ('a' | 'c')", Some(true)),
        ("('a' | 'b') in {}", Some(false)),
        ("{} in ('a' | 'b')", None),
        ("'a' in ('a' | 'b')", Some(true)),
    ] {
        let of_each = Expression::compile_with(text, Options::R4).expect(text);
        assert_eq!(of_each.truth(&input).expect(text), wanted, "{text}");
    }
    let strict = Expression::compile("('a' | 'b') in ('a' | 'b')").expect("an expression");
    assert!(strict.evaluate(&input).is_err());
}

#[test]
fn the_first_item_is_enough() {
    let document = Document::parse(PATIENT, &Limits::default()).expect("JSON");
    let input = Input::resource(document.root());
    let expression = Expression::compile("name.given").expect("an expression");
    assert_eq!(
        expression.first(&input).expect("one").and_then(|item| item.value()).map(|v| v.to_string()),
        Some("Peter".into())
    );
    assert!(Expression::compile("name.exists()").expect("an expression").is_true(&input).expect("a boolean"));
    assert!(
        !Expression::compile("photo.title = 'x'").expect("an expression").is_true(&input).expect("a boolean")
    );
}

#[test]
fn an_expression_may_be_of_several_types() {
    let types = ["Patient", "Person"].map(|name| TypeId::from_path(name).expect("a type"));
    let check = |text: &str| Expression::compile(text).expect(text).check_any(&types);
    assert_eq!(check("Patient.name | Person.name | gender"), Ok(()));
    assert_eq!(Expression::compile("anything").expect("a name").check_any(&[]), Ok(()));
    let error = check("Patient.name | Person.name.nothing").expect_err("no such element");
    assert_eq!(error.to_string(), "at 27: HumanName has no element 'nothing'");
    assert_eq!(error.at(), 27);
    assert!(check("Group.name").is_err());
}
