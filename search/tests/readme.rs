//! The table of the README says which modifiers and prefixes each kind of parameter takes: those that its file declares.

use fhir::definitions::ParamKind;
use search::query::{Prefix, offered};

const KINDS: [ParamKind; 9] = [
    ParamKind::String,
    ParamKind::Token,
    ParamKind::Reference,
    ParamKind::Uri,
    ParamKind::Date,
    ParamKind::Number,
    ParamKind::Quantity,
    ParamKind::Composite,
    ParamKind::Special,
];

/// The words in backquotes that begin with a colon.
fn modifiers(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix(':')).collect()
}

#[test]
fn the_table_is_what_is_declared() {
    let readme = include_str!("../README.md");
    for kind in KINDS {
        let offer = offered(kind);
        let line = readme.lines().find(|line| line.starts_with(&format!("| {} |", offer.name)));
        let cells: Vec<_> = line.expect(offer.name).split('|').filter(|cell| !cell.is_empty()).collect();
        let mut declared: Vec<_> = offer.words().collect();
        if offer.takes_types() {
            declared.insert(0, "Type");
        }
        assert_eq!(modifiers(cells.last().expect("cells")), declared, "{}", offer.name);
        let says_all = line.expect(offer.name).contains("| all nine |");
        assert_eq!(says_all, offer.prefixes == Prefix::ALL, "{}", offer.name);
        assert!(says_all || offer.prefixes.is_empty(), "{}", offer.name);
    }
}
