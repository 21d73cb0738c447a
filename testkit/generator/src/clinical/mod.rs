//! The clinical record of a life, visit by visit.

mod observation;

use super::{
    bundle::Entries,
    calendar::{DAY_SECONDS, Instant},
    care::Shared,
    json::Json,
    life::{Life, Reason, Visit},
    random::Random,
    vocabulary::{self as v, Code},
};

/// Writes the entries of one patient.
pub(super) struct Record<'r, 'e> {
    pub(super) entries: &'r mut Entries<'e>,
    pub(super) random: &'r mut Random,
    pub(super) life: &'r Life,
    pub(super) shared: &'r Shared,
    /// The patient's `urn:uuid`.
    pub(super) patient: &'r str,
}

/// A visit while its resources are written.
struct Encounter {
    urn: String,
    visit: Visit,
}

impl Record<'_, '_> {
    pub(super) fn write(&mut self) {
        for &visit in &self.life.visits {
            let encounter = Encounter { urn: self.random.urn(), visit };
            match visit.reason {
                Reason::Wellness => self.wellness(&encounter),
                Reason::Acute => self.acute(&encounter),
                Reason::Diagnosis(number) => self.diagnosis(&encounter, number),
                Reason::Control(number) => self.control(&encounter, number),
            }
        }
    }

    fn wellness(&mut self, encounter: &Encounter) {
        self.encounter(encounter, &v::AMBULATORY, &v::WELLNESS, None);
        self.vitals(encounter);
        self.survey(encounter);
        self.vaccines(encounter);
        if encounter.visit.age_years > 45 && self.random.chance(200) {
            self.labs(encounter, 3);
        }
    }

    fn acute(&mut self, encounter: &Encounter) {
        let emergency = self.random.chance(150);
        let (class, kind) =
            if emergency { (v::EMERGENCY, v::EMERGENCY_ROOM) } else { (v::AMBULATORY, v::PROBLEM) };
        let illness = self.random.pick(v::ACUTE);
        self.encounter(encounter, &class, &kind, Some(&illness));
        let days = self.random.between(4, 40);
        let condition = self.condition(encounter, &illness, Some(encounter.visit.start + days * DAY_SECONDS));
        self.complaint(encounter, &illness, days);
        if self.random.chance(600) {
            let drug = self.random.pick(v::ACUTE_DRUGS);
            self.prescribe(encounter, &drug, &condition, "stopped");
        }
        if self.random.chance(400) {
            let procedure = self.random.pick(v::PROCEDURES);
            self.procedure(encounter, &procedure, Some(&condition));
        }
    }

    fn diagnosis(&mut self, encounter: &Encounter, number: usize) {
        let disease = self.life.diseases[number];
        self.encounter(encounter, &v::AMBULATORY, &v::PROBLEM, Some(&disease.code));
        let condition = self.condition(encounter, &disease.code, None);
        self.prescribe(encounter, &disease.drug, &condition, "active");
        self.vitals(encounter);
        self.labs(encounter, v::LABS.len());
    }

    fn control(&mut self, encounter: &Encounter, number: usize) {
        let disease = self.life.diseases[number];
        self.encounter(encounter, &v::AMBULATORY, &v::FOLLOW_UP, Some(&disease.code));
        self.blood_pressure(encounter);
        self.labs(encounter, 2);
        if disease.visits_per_year > 12 {
            self.procedure(encounter, &v::DIALYSIS, None);
        }
    }

    fn encounter(&mut self, encounter: &Encounter, class: &Code, kind: &Code, reason: Option<&Code>) {
        let minutes = self.random.between(10, 75);
        let (start, shared, patient) = (encounter.visit.start, self.shared, self.patient);
        self.entries.create("Encounter", &encounter.urn, |j| {
            j.text("status", "finished");
            j.coding_member("class", class);
            j.concepts("type", kind);
            j.reference("subject", patient);
            j.array("participant", |j| {
                j.object(|j| {
                    j.concepts("type", &v::PRIMARY_PERFORMER);
                    j.reference("individual", &shared.practitioner);
                });
            });
            j.member("period", |j| period(j, start, start + minutes * 60));
            if let Some(reason) = reason {
                j.concepts("reasonCode", reason);
            }
            j.array("location", |j| j.object(|j| j.reference("location", &shared.location)));
            j.reference("serviceProvider", &shared.organization);
        });
    }

    /// The `urn:uuid` of the condition.
    fn condition(&mut self, encounter: &Encounter, code: &Code, resolved: Option<i64>) -> String {
        let (urn, patient) = (self.random.urn(), self.patient);
        self.entries.create("Condition", &urn, |j| {
            j.concept("clinicalStatus", if resolved.is_some() { &v::RESOLVED } else { &v::ACTIVE });
            j.concept("verificationStatus", &v::CONFIRMED);
            j.concepts("category", &v::DIAGNOSIS);
            j.concept("code", code);
            j.reference("subject", patient);
            j.reference("encounter", &encounter.urn);
            j.shown("onsetDateTime", Instant(encounter.visit.start));
            if let Some(end) = resolved {
                j.shown("abatementDateTime", Instant(end));
            }
            j.shown("recordedDate", Instant(encounter.visit.start));
        });
        urn
    }

    fn prescribe(&mut self, encounter: &Encounter, drug: &Code, condition: &str, status: &str) {
        let (urn, patient, shared) = (self.random.urn(), self.patient, self.shared);
        let per_day = self.random.between(1, 3);
        self.entries.create("MedicationRequest", &urn, |j| {
            j.text("status", status);
            j.text("intent", "order");
            j.concept("medicationCodeableConcept", drug);
            j.reference("subject", patient);
            j.reference("encounter", &encounter.urn);
            j.shown("authoredOn", Instant(encounter.visit.start));
            j.reference("requester", &shared.practitioner);
            j.array("reasonReference", |j| j.object(|j| j.text("reference", condition)));
            j.array("dosageInstruction", |j| j.object(|j| dosage(j, per_day)));
        });
    }

    fn procedure(&mut self, encounter: &Encounter, code: &Code, condition: Option<&str>) {
        let (urn, patient, shared) = (self.random.urn(), self.patient, self.shared);
        let minutes = self.random.between(10, 240);
        let start = encounter.visit.start;
        self.entries.create("Procedure", &urn, |j| {
            j.text("status", "completed");
            j.concept("code", code);
            j.reference("subject", patient);
            j.reference("encounter", &encounter.urn);
            j.member("performedPeriod", |j| period(j, start, start + minutes * 60));
            j.array("performer", |j| j.object(|j| j.reference("actor", &shared.practitioner)));
            j.reference("location", &shared.location);
            if let Some(condition) = condition {
                j.array("reasonReference", |j| j.object(|j| j.text("reference", condition)));
            }
        });
    }

    fn vaccines(&mut self, encounter: &Encounter) {
        match encounter.visit.age_years {
            0..3 => {
                for _ in 0..2 {
                    let vaccine = self.random.pick(v::CHILD_VACCINES);
                    self.immunization(encounter, &vaccine);
                }
            }
            age => {
                self.immunization(encounter, &v::INFLUENZA);
                if age % 10 == 0 {
                    self.immunization(encounter, &v::TETANUS);
                }
            }
        }
    }

    fn immunization(&mut self, encounter: &Encounter, vaccine: &Code) {
        let (urn, patient, shared) = (self.random.urn(), self.patient, self.shared);
        self.entries.create("Immunization", &urn, |j| {
            j.text("status", "completed");
            j.concept("vaccineCode", vaccine);
            j.reference("patient", patient);
            j.reference("encounter", &encounter.urn);
            j.shown("occurrenceDateTime", Instant(encounter.visit.start));
            j.plain("primarySource", true);
            j.reference("location", &shared.location);
        });
    }
}

fn period(j: &mut Json, start: i64, end: i64) {
    j.shown("start", Instant(start));
    j.shown("end", Instant(end));
}

fn dosage(j: &mut Json, per_day: i64) {
    j.plain("sequence", 1);
    j.member("timing", |j| {
        j.member("repeat", |j| {
            j.plain("frequency", per_day);
            j.plain("period", 1);
            j.text("periodUnit", "d");
        });
    });
    j.plain("asNeededBoolean", false);
}
