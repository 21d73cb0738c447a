//! Resources with what R4 requires of them, and what else is searched for.

use super::{
    json::{list, member, object, text},
    values::World,
};
use crate::naive::Name;

/// Members, most of which may be missing.
type Members = Vec<Option<String>>;

pub fn of(world: &mut World<'_>, name: &Name) -> String {
    let members = match name.resource_type.name() {
        "Patient" => patient(world),
        "Observation" => observation(world),
        "Encounter" => encounter(world),
        "Condition" => condition(world),
        "Practitioner" => person(world),
        "Organization" => organization(world),
        "Group" => group(world),
        "List" => a_list(world),
        "Medication" => medication(world),
        "MedicationRequest" => medication_request(world),
        "Location" => location(world),
        "ValueSet" => value_set(world),
        "RiskAssessment" => risk_assessment(world),
        other => panic!("{other} is not made up"),
    };
    let head = [
        member("resourceType", Some(text(name.resource_type.name()))),
        member("id", Some(text(&name.id))),
        member("meta", world.maybe(World::meta)),
        member("text", world.maybe(World::narrative)),
    ];
    let all: Vec<String> = head.into_iter().chain(members).flatten().collect();
    format!("{{{}}}", all.join(","))
}

fn identifiers(world: &mut World<'_>) -> Option<String> {
    member("identifier", world.some(World::identifier))
}

fn person(world: &mut World<'_>) -> Members {
    let gender = |world: &mut World<'_>| world.one(&["male", "female", "other"]);
    vec![
        identifiers(world),
        member("active", world.maybe(World::boolean)),
        member("name", world.some(World::human_name)),
        member("telecom", world.some(World::contact)),
        member("gender", world.maybe(gender)),
        member("birthDate", world.maybe(World::date)),
        member("address", world.some(World::address)),
    ]
}

fn patient(world: &mut World<'_>) -> Members {
    let mut members = person(world);
    members.push(match world.random.below(4) {
        0 => member("deceasedBoolean", Some(world.boolean())),
        1 => member("deceasedDateTime", Some(world.date_time())),
        _ => None,
    });
    let practitioners = world.some(|world| world.reference(&["Practitioner", "Organization"]));
    members.push(member("generalPractitioner", practitioners));
    let organization = world.maybe(|world| world.reference(&["Organization"]));
    members.push(member("managingOrganization", organization));
    if world.random.chance(150) {
        let link = format!(r#"{{"other":{},"type":"seealso"}}"#, world.reference(&["Patient"]));
        members.push(member("link", list(vec![link])));
    }
    members
}

fn observation(world: &mut World<'_>) -> Members {
    let mut members = vec![
        identifiers(world),
        member("status", Some(world.one(&["final", "amended", "preliminary"]))),
        member("category", world.some(World::concept)),
        member("code", Some(world.concept())),
    ];
    if world.random.chance(60) {
        let inside = [
            member("resourceType", Some(r#""Patient""#.to_owned())),
            member("id", Some(r#""inside""#.to_owned())),
            member("name", Some(r#"[{"family":"Ann"}]"#.to_owned())),
            member("gender", Some(world.one(&["male", "female"]))),
            member("birthDate", world.maybe(World::date)),
        ];
        members.push(member("contained", object(inside).and_then(|inside| list(vec![inside]))));
        members.push(member("subject", Some(r##"{"reference":"#inside"}"##.to_owned())));
    } else {
        let subject = world.maybe(|world| world.reference(&["Patient", "Patient", "Patient", "Group"]));
        members.push(member("subject", subject));
    }
    members.push(match world.random.below(6) {
        0 | 1 => member("effectiveDateTime", Some(world.date_time())),
        2 => member("effectivePeriod", Some(world.period())),
        3 => member("effectiveInstant", Some(world.instant())),
        4 => member("effectiveTiming", Some(world.timing())),
        _ => None,
    });
    members.push(value(world));
    members.push(member("encounter", world.maybe(|world| world.reference(&["Encounter"]))));
    let performers = world.some(|world| world.reference(&["Practitioner", "Organization", "Patient"]));
    members.push(member("performer", performers));
    let parts = world.some(|world| world.reference(&["Observation"]));
    members.push(member("hasMember", parts));
    members.push(member("focus", world.some(|world| world.reference(&["Patient", "Condition", "Location"]))));
    let component = |world: &mut World<'_>| {
        let code = member("code", Some(world.concept()));
        object([code, value(world)]).unwrap_or_default()
    };
    members.push(member("component", world.some(component)));
    members
}

fn value(world: &mut World<'_>) -> Option<String> {
    match world.random.below(9) {
        0..3 => member("valueQuantity", Some(world.quantity())),
        7 => member("valueSampledData", Some(world.samples())),
        3 => member("valueCodeableConcept", Some(world.concept())),
        4 => member("valueString", Some(world.name_text())),
        5 => member("valueDateTime", Some(world.date_time())),
        6 => member("valuePeriod", Some(world.period())),
        _ => None,
    }
}

fn encounter(world: &mut World<'_>) -> Members {
    let participant =
        |world: &mut World<'_>| format!(r#"{{"individual":{}}}"#, world.reference(&["Practitioner"]));
    let place = |world: &mut World<'_>| {
        format!(r#"{{"location":{},"period":{}}}"#, world.reference(&["Location"]), world.period())
    };
    let diagnosis = |world: &mut World<'_>| format!(r#"{{"condition":{}}}"#, world.reference(&["Condition"]));
    vec![
        identifiers(world),
        member("status", Some(world.one(&["planned", "finished"]))),
        member("class", Some(world.coding())),
        member("type", world.some(World::concept)),
        member("subject", world.maybe(|world| world.reference(&["Patient", "Patient", "Group"]))),
        member("period", world.maybe(World::period)),
        member("length", world.maybe(World::quantity)),
        member("participant", world.some(participant)),
        member("location", world.some(place)),
        member("diagnosis", world.some(diagnosis)),
        member("serviceProvider", world.maybe(|world| world.reference(&["Organization"]))),
        member("partOf", world.maybe(|world| world.reference(&["Encounter"]))),
    ]
}

fn condition(world: &mut World<'_>) -> Members {
    let onset = match world.random.below(6) {
        0 => member("onsetDateTime", Some(world.date_time())),
        1 => member("onsetAge", Some(world.quantity())),
        2 => member("onsetPeriod", Some(world.period())),
        3 => member("onsetRange", Some(world.range())),
        4 => member("onsetString", Some(world.name_text())),
        _ => None,
    };
    vec![
        identifiers(world),
        member("severity", world.maybe(World::concept)),
        member("code", world.maybe(World::concept)),
        member("bodySite", world.some(World::concept)),
        member("subject", Some(world.reference(&["Patient", "Patient", "Group"]))),
        member("encounter", world.maybe(|world| world.reference(&["Encounter"]))),
        onset,
        member("recordedDate", world.maybe(World::date_time)),
        member("asserter", world.maybe(|world| world.reference(&["Practitioner", "Patient"]))),
    ]
}

fn organization(world: &mut World<'_>) -> Members {
    vec![
        identifiers(world),
        member("active", world.maybe(World::boolean)),
        member("type", world.some(World::concept)),
        member("name", Some(world.name_text())),
        member("alias", world.some(World::name_text)),
        member("address", world.some(World::address)),
        member("partOf", world.maybe(|world| world.reference(&["Organization"]))),
    ]
}

fn group(world: &mut World<'_>) -> Members {
    let characteristic = |world: &mut World<'_>| {
        let code = world.concept();
        let value = match world.random.chance(500) {
            true => member("valueBoolean", Some(world.boolean())),
            false => member("valueCodeableConcept", Some(world.concept())),
        };
        let exclude = member("exclude", Some(world.boolean()));
        object([member("code", Some(code)), value, exclude]).unwrap_or_default()
    };
    let who = |world: &mut World<'_>| {
        format!(r#"{{"entity":{}}}"#, world.reference(&["Patient", "Practitioner", "Group"]))
    };
    vec![
        identifiers(world),
        member("type", Some(world.one(&["person", "animal"]))),
        member("actual", Some("true".to_owned())),
        member("code", world.maybe(World::concept)),
        member("managingEntity", world.maybe(|world| world.reference(&["Organization", "Practitioner"]))),
        member("characteristic", world.some(characteristic)),
        member("member", world.some(who)),
    ]
}

fn a_list(world: &mut World<'_>) -> Members {
    let item = |world: &mut World<'_>| {
        format!(r#"{{"item":{}}}"#, world.reference(&["Patient", "Observation", "Condition"]))
    };
    vec![
        identifiers(world),
        member("status", Some(world.one(&["current", "retired"]))),
        member("mode", Some(world.one(&["working", "snapshot"]))),
        member("title", world.maybe(World::name_text)),
        member("code", world.maybe(World::concept)),
        member("subject", world.maybe(|world| world.reference(&["Patient", "Group", "Location"]))),
        member("date", world.maybe(World::date_time)),
        member("source", world.maybe(|world| world.reference(&["Practitioner", "Patient"]))),
        member("entry", world.some(item)),
    ]
}

fn medication(world: &mut World<'_>) -> Members {
    let ingredient = |world: &mut World<'_>| match world.random.chance(500) {
        true => format!(r#"{{"itemReference":{}}}"#, world.reference(&["Medication"])),
        false => format!(r#"{{"itemCodeableConcept":{}}}"#, world.concept()),
    };
    let expires = world.maybe(World::date_time);
    vec![
        identifiers(world),
        member("code", world.maybe(World::concept)),
        member("status", world.maybe(|world| world.one(&["active", "inactive"]))),
        member("manufacturer", world.maybe(|world| world.reference(&["Organization"]))),
        member("ingredient", world.some(ingredient)),
        member("batch", object([member("expirationDate", expires)])),
    ]
}

fn medication_request(world: &mut World<'_>) -> Members {
    let medication = match world.random.chance(500) {
        true => member("medicationReference", Some(world.reference(&["Medication"]))),
        false => member("medicationCodeableConcept", Some(world.concept())),
    };
    let timing = |world: &mut World<'_>| format!(r#"{{"timing":{{"event":[{}]}}}}"#, world.date_time());
    vec![
        identifiers(world),
        member("status", Some(world.one(&["active", "completed"]))),
        member("intent", Some(world.one(&["order", "plan"]))),
        medication,
        member("subject", Some(world.reference(&["Patient", "Patient", "Group"]))),
        member("encounter", world.maybe(|world| world.reference(&["Encounter"]))),
        member("authoredOn", world.maybe(World::date_time)),
        member(
            "requester",
            world.maybe(|world| world.reference(&["Practitioner", "Organization", "Patient"])),
        ),
        member("dosageInstruction", world.some(timing)),
    ]
}

fn location(world: &mut World<'_>) -> Members {
    vec![
        identifiers(world),
        member("status", world.maybe(|world| world.one(&["active", "suspended"]))),
        member("name", world.maybe(World::name_text)),
        member("alias", world.some(World::name_text)),
        member("type", world.some(World::concept)),
        member("address", world.maybe(World::address)),
        member("position", world.maybe(World::position)),
        member("managingOrganization", world.maybe(|world| world.reference(&["Organization"]))),
        member("partOf", world.maybe(|world| world.reference(&["Location"]))),
    ]
}

fn value_set(world: &mut World<'_>) -> Members {
    let include = |world: &mut World<'_>| format!(r#"{{"system":{}}}"#, world.url());
    let context = |world: &mut World<'_>| {
        let value = match world.random.below(3) {
            0 => member("valueQuantity", Some(world.quantity())),
            1 => member("valueRange", Some(world.range())),
            _ => member("valueCodeableConcept", Some(world.concept())),
        };
        object([member("code", Some(world.coding())), value]).unwrap_or_default()
    };
    let includes = vec![include(world)];
    vec![
        member("url", world.maybe(World::url)),
        identifiers(world),
        member("version", world.maybe(|world| world.one(&["1", "2"]))),
        member("name", world.maybe(|world| world.one(&["Anna", "Ann", "Ost"]))),
        member("title", world.maybe(World::name_text)),
        member("status", Some(world.one(&["draft", "active"]))),
        member("date", world.maybe(World::date_time)),
        member("publisher", world.maybe(World::name_text)),
        member("description", world.maybe(World::name_text)),
        member("useContext", world.some(context)),
        member("compose", object([member("include", list(includes))])),
    ]
}

fn risk_assessment(world: &mut World<'_>) -> Members {
    let prediction = |world: &mut World<'_>| match world.random.chance(500) {
        true => format!(r#"{{"probabilityDecimal":{}}}"#, world.decimal()),
        false => format!(r#"{{"probabilityRange":{}}}"#, world.range()),
    };
    vec![
        identifiers(world),
        member("status", Some(world.one(&["final", "amended"]))),
        member("subject", Some(world.reference(&["Patient", "Group"]))),
        member("occurrenceDateTime", world.maybe(World::date_time)),
        member("condition", world.maybe(|world| world.reference(&["Condition"]))),
        member("performer", world.maybe(|world| world.reference(&["Practitioner"]))),
        member("prediction", world.some(prediction)),
    ]
}
