//! `$validate-code` of ValueSet: <https://hl7.org/fhir/R4/valueset-operation-validate-code.html>

use super::display::{all_in, designations, display_in};
use super::validation::{Verdict, of_display};
use super::{Coded, Error, Request};
use crate::terminology::supplements::Supplements;
use crate::terminology::{Entry, Membership, Reason, Terminology, ValueSet};

/// Parameters with `result`, `message` and `display`: whether a code is in a value set, and its display is right.
///
/// `code` needs a `system` unless a `context` says what is coded or `inferSystem` is true; then the code must be in one
/// system of the value set only. Abstract codes are valid where `abstract` is true. Of a CodeableConcept one valid coding is
/// enough. A code that cannot be judged here is not valid, and the message says why; but of a system of which only a part is known here it
/// is valid, with a message.
pub fn validate_code_in_value_set(
    terminology: &Terminology,
    request: &Request<'_>,
) -> Result<Vec<u8>, Error> {
    request.refuse(&["date"])?;
    let infer = request.flag("inferSystem")?.unwrap_or(false) || request.text("context")?.is_some();
    let judge = Judge {
        terminology,
        infer: infer || request.coding("coding")?.is_some() || request.concept("codeableConcept")?.is_some(),
        allow_abstract: request.flag("abstract")?.unwrap_or(false),
        active_only: request.flag("activeOnly")?.unwrap_or(false),
        membership_only: request.flag("valueset-membership-only")?.unwrap_or(false),
        lenient: request.flag("lenient-display-validation")?.unwrap_or(false),
        language: request.language()?.map(Into::into),
        supplements: request.supplements(terminology)?,
    };
    let asked = request.codes_of("systemVersion", None)?;
    if !judge.infer && asked.iter().any(|coded| coded.system.is_none()) {
        return Err(Error::Missing {
            name: "system",
            problem: "a code needs it, unless context or inferSystem is given",
        });
    }
    let value_set = request.value_set(terminology)?;
    let needed = terminology.supplements_needed_by(&value_set)?;
    let judge = Judge { supplements: judge.supplements.and(needed), ..judge };
    let verdicts: Result<_, _> = asked.iter().map(|coded| judge.verdict(&value_set, coded)).collect();
    Ok(Verdict::of_concept(verdicts?).write())
}

struct Judge<'t> {
    terminology: &'t Terminology,
    infer: bool,
    allow_abstract: bool,
    /// A code that is no longer in use is not valid.
    active_only: bool,
    /// The display does not matter.
    membership_only: bool,
    /// A display that is not right is worth a message only.
    lenient: bool,
    language: Option<String>,
    supplements: Supplements,
}

impl Judge<'_> {
    fn verdict(&self, value_set: &ValueSet, coded: &Coded) -> Result<Verdict, Error> {
        let (name, set) = (coded.name(), value_set.canonical());
        Ok(match value_set.contains(coded.system.as_deref(), coded.version.as_deref(), &coded.code) {
            Membership::NotIn => {
                Verdict::no(match value_set.lists_in_vain(coded.system.as_deref(), &coded.code) {
                    Some(system) => {
                        format!("{name} is listed by the value set '{set}', but is no code of '{system}'")
                    }
                    None => format!("{name} is not in the value set '{set}'"),
                })
            }
            Membership::Unknown(Reason::Fragment(system)) => Verdict::doubtful(format!(
                "{name} is not in the part of '{system}' that is known here; the rest, and so the value set '{set}', may have it"
            )),
            Membership::Unknown(reason) => {
                Verdict::no(format!("it cannot be told whether {name} is in the value set '{set}': {reason}"))
            }
            Membership::In
                if self.infer && coded.system.is_none() && is_ambiguous(value_set, &coded.code) =>
            {
                Verdict::no(format!("{name} is a code of several systems of the value set '{set}'; name one"))
            }
            Membership::In => match value_set.entry(coded.system.as_deref(), &coded.code) {
                Some(entry) => self.of_entry(entry, coded)?,
                // The grammar allows it; there is no concept to compare with.
                None => Verdict { result: true, ..Verdict::default() },
            },
        })
    }

    fn of_entry(&self, entry: Entry<'_>, coded: &Coded) -> Result<Verdict, Error> {
        if entry.is_abstract() && !self.allow_abstract {
            let name = coded.name();
            return Ok(Verdict::no(format!("{name} is abstract: it groups others and is no choice itself")));
        }
        if self.active_only && entry.is_inactive() {
            return Ok(Verdict::no(format!("{} is no longer in use", coded.name())));
        }
        // Only a display, or a language to show it in, needs what supplements say.
        let supplements = match coded.display.is_some() || self.language.is_some() {
            true => self.supplements.clone().and(self.terminology.supplements_of(entry.system())?),
            false => Supplements::default(),
        };
        let usual = display_in(entry, self.language.as_deref(), &supplements);
        let asked = coded.display.as_deref().filter(|_| !self.membership_only);
        let known = self.displays(entry, &supplements);
        let verdict = of_display(&coded.name(), asked, usual, known, self.lenient);
        Ok(match entry.is_inactive() {
            true => verdict.with_hint(|| format!("{} is no longer in use", coded.name())),
            false => verdict,
        })
    }

    /// What the code may be called: in the language asked for, if it is called something in it.
    fn displays<'v>(&self, entry: Entry<'v>, supplements: &'v Supplements) -> Vec<&'v str> {
        // A text the value set gives does not make that of the code system wrong.
        let of_system = entry.concept().and_then(|(_, concept)| concept.display.as_deref());
        let own = entry.concept().and_then(|(system, _)| system.language.as_deref());
        if let Some(language) = &self.language {
            let texts = |display| all_in(display, own, language, || designations(entry, supplements));
            let found = [texts(entry.display()), texts(of_system)].concat();
            if !found.is_empty() {
                return found;
            }
        }
        let others = designations(entry, supplements).map(|one| &*one.value);
        entry.display().into_iter().chain(of_system).chain(others).collect()
    }
}

fn is_ambiguous(value_set: &ValueSet, code: &str) -> bool {
    let mut systems: Vec<_> = value_set.systems().map(|(system, _)| system).collect();
    systems.dedup();
    systems.iter().filter(|system| value_set.contains(Some(system), None, code) == Membership::In).count() > 1
}
