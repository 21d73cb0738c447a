//! The grammar: what binds to what, what literals say, and how a wrong expression is refused.

use fhir::conformance::{Core, Source};
use fhir::definitions::{ResourceType, search_parameters};
use fhir::fhirpath::Error;
use fhir::fhirpath::ast::{Expr, Kind, Literal, TypeOperator, Unit};
use fhir::fhirpath::parse::{DEPTH_MAX, LENGTH_MAX, parse};
use fhir::json::Node;
use std::collections::BTreeSet;

/// The tree with every operator in parentheses.
fn show(expr: &Expr) -> String {
    let on = |on: &Option<Box<Expr>>| on.as_ref().map(|on| format!("{}.", show(on))).unwrap_or_default();
    match &expr.kind {
        Kind::Empty => "{}".into(),
        Kind::Literal(literal) => show_literal(literal),
        Kind::This => "$this".into(),
        Kind::Index => "$index".into(),
        Kind::Total => "$total".into(),
        Kind::Variable(name) => format!("%{name}"),
        Kind::Member { on: before, name } => format!("{}{name}", on(before)),
        Kind::Call { on: before, name, arguments } => {
            let arguments: Vec<_> = arguments.iter().map(show).collect();
            format!("{}{name}({})", on(before), arguments.join(","))
        }
        Kind::Indexer { on, index } => format!("{}[{}]", show(on), show(index)),
        Kind::Sign { negative, operand } => {
            format!("({}{})", if *negative { "-" } else { "+" }, show(operand))
        }
        Kind::Binary { operator, left, right } => {
            format!("({} {} {})", show(left), operator.symbol(), show(right))
        }
        Kind::TypeTest { operator, operand, type_name } => {
            let operator = if *operator == TypeOperator::Is { "is" } else { "as" };
            let namespace = type_name.namespace.as_ref().map(|name| format!("{name}:")).unwrap_or_default();
            format!("({} {operator} {namespace}{})", show(operand), type_name.name)
        }
    }
}

fn show_literal(literal: &Literal) -> String {
    match literal {
        Literal::Boolean(value) => value.to_string(),
        Literal::String(text) => format!("'{text}'"),
        Literal::Integer(text) => text.to_string(),
        Literal::Decimal(text) => format!("{text}d"),
        Literal::Date(text) => format!("date:{text}"),
        Literal::DateTime(text) => format!("dateTime:{text}"),
        Literal::Time(text) => format!("time:{text}"),
        Literal::Quantity { value, unit: Unit::Ucum(unit) } => format!("{value}'{unit}'"),
        Literal::Quantity { value, unit: Unit::Calendar(unit) } => format!("{value} {}", unit.word()),
    }
}

#[test]
fn what_binds_to_what() {
    for (text, tree) in [
        ("1+2*3+4", "((1 + (2 * 3)) + 4)"),
        ("-1.convertsToInteger()", "(-1.convertsToInteger())"),
        ("-a.b[0] * 2", "((-a.b[0]) * 2)"),
        ("- -1", "(-(-1))"),
        ("1 > 2 is Boolean", "(1 > (2 is Boolean))"),
        ("1 | 1 is Integer", "(1 | (1 is Integer))"),
        ("a as B | c", "((a as B) | c)"),
        ("a is FHIR.`Patient` and b", "((a is FHIR:Patient) and b)"),
        ("a = b | c", "(a = (b | c))"),
        ("a < b = c", "((a < b) = c)"),
        ("true and '0' in ('0' | '1')", "(true and ('0' in ('0' | '1')))"),
        ("a or b and c xor d implies e implies f", "((((a or (b and c)) xor d) implies e) implies f)"),
        ("a & 'x' + b", "((a & 'x') + b)"),
        ("a div b mod c", "((a div b) mod c)"),
        ("a.contains.in(b) contains c", "(a.contains.in(b) contains c)"),
        ("`div`.`a b`.is", "div.a b.is"),
        ("text.div div a.and", "(text.div div a.and)"),
        (
            "a.where($this = %x and %`vs-y` ~ %\"z\" !~ %'w')",
            "a.where((($this = %x) and ((%vs-y ~ %z) !~ %w)))",
        ),
        ("a.$this.b[$index + $total]", "a.b[($index + $total)]"),
        ("{}.f(1, {})", "{}.f(1,{})"),
        ("a // b\n /* c // \n */ . b", "a.b"),
    ] {
        assert_eq!(show(&parse(text).expect(text)), tree, "{text}");
    }
}

#[test]
fn what_literals_say() {
    for (text, tree) in [
        ("1.toString()", "1.toString()"),
        ("1.0.toString()", "1.0d.toString()"),
        ("10 'mg'", "10'mg'"),
        ("4 days + 1 week", "(4 day + 1 week)"),
        ("@2015", "date:2015"),
        ("@2015-02.a", "date:2015-02.a"),
        ("@2015-02-04 - 1", "(date:2015-02-04 - 1)"),
        ("@2015T", "dateTime:2015T"),
        ("@2015-02-04T14:34:28.123+10:00", "dateTime:2015-02-04T14:34:28.123+10:00"),
        ("@2015-02-04T14Z", "dateTime:2015-02-04T14Z"),
        ("@T14:34:28.5", "time:14:34:28.5"),
        (r"'\'\\\/\u0041\uD83D\uDE00\t'", "'\'\\/A\u{1F600}\t'"),
        ("''", "''"),
    ] {
        assert_eq!(show(&parse(text).expect(text)), tree, "{text}");
    }
}

#[test]
fn a_wrong_expression_says_where_and_what() {
    for (text, message) in [
        ("", "at 0: expected a value, found the end"),
        ("2 + 2 /", "at 7: expected a value, found the end"),
        ("2 + 2 /* not finished", "at 21: expected '*/' to end the comment, found the end"),
        ("a.b c", "at 4: expected an operator or the end, found 'c'"),
        ("a.where(b", "at 9: expected ',' or ')', found the end"),
        ("a.where(b,)", "at 10: expected a value, found ')'"),
        ("a[1", "at 3: expected ']', found the end"),
        ("a.1", "at 2: expected a name, found '1'"),
        ("a ; b", "at 2: expected a name, literal or operator, found ';'"),
        ("'abc", "at 4: expected a closing single quote, found the end"),
        (r"'a\q'", r#"at 2: expected an escape: \' \" \` \\ \/ \r \n \t \f or \uXXXX, found '\q'"#),
        ("a is 1", "at 5: expected a type name, found '1'"),
        ("% x", "at 2: expected a variable's name, found 'x'"),
        ("$that", "at 0: expected $this, $index or $total, found '$that'"),
    ] {
        assert_eq!(parse(text).expect_err(text).to_string(), message, "{text}");
    }
    for text in [
        "@T14:34:28Z",
        "@20155",
        "@2015-2",
        "@2015-02T10",
        "@T1",
        "@",
        "@T",
        "@2015-02-04T10:3",
        r"'\uD83D'",
        "a..b",
        ".a",
        "div a",
        "a and",
        "{a}",
        "a.`b",
        "@2015-01-01T10:00:00.",
        "1 +* 2",
        "a.as(B",
        "a as",
        "1..2",
    ] {
        assert!(matches!(parse(text), Err(Error::Syntax { .. })), "{text}");
    }
}

#[test]
fn length_and_depth_have_limits() {
    let long = format!("'{}'", "a".repeat(LENGTH_MAX));
    assert!(matches!(parse(&long), Err(Error::TooLong { .. })));
    let chain = |count: usize| vec!["a"; count].join(".");
    assert!(parse(&chain(DEPTH_MAX)).is_ok());
    for deep in [
        chain(DEPTH_MAX + 1),
        vec!["a"; DEPTH_MAX + 1].join(" | "),
        "(".repeat(30_000),
        "-".repeat(30_000),
        "a[".repeat(20_000),
        "a.f(".repeat(15_000),
    ] {
        assert!(matches!(parse(&deep), Err(Error::TooDeep { .. })), "{}", &deep[..20]);
    }
}

#[test]
fn every_search_parameter_of_r4_is_an_expression() {
    let mut texts = BTreeSet::new();
    for parameter in ResourceType::all().flat_map(search_parameters) {
        texts.extend(parameter.expression.as_deref());
        texts.extend(parameter.components.iter().map(|component| &*component.expression));
    }
    for text in &texts {
        parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    assert!(texts.len() > 1_000, "{}", texts.len());
}

#[test]
fn every_invariant_of_r4_is_an_expression() {
    let structure = ResourceType::from_name("StructureDefinition").expect("a type");
    let mut texts = BTreeSet::new();
    for canonical in Core.canonicals(structure) {
        let document = Core.find(structure, &canonical.url, None).expect("listed");
        collect_invariants(document.root(), &mut texts);
    }
    for text in &texts {
        parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    assert!(texts.len() >= 195, "{}", texts.len());
}

fn collect_invariants(structure: Node<'_>, texts: &mut BTreeSet<String>) {
    let elements =
        structure.get("snapshot").or(structure.get("differential")).and_then(|view| view.get("element"));
    for element in elements.iter().flat_map(|elements| elements.items()) {
        let constraints = element.get("constraint");
        for constraint in constraints.iter().flat_map(|constraints| constraints.items()) {
            texts.extend(constraint.get("expression").and_then(Node::as_str).map(|text| text.into_owned()));
        }
    }
}
