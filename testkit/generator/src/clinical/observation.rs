//! Observations, of every kind of value that searches tell apart.

use super::{Encounter, Record};
use crate::{
    calendar::{DAY_SECONDS, Instant},
    json::Json,
    vocabulary::{self as v, Code, Measure},
};

impl Record<'_, '_> {
    /// Height, weight, pulse, temperature (Quantity) and blood pressure (components).
    pub(super) fn vitals(&mut self, encounter: &Encounter) {
        for measure in v::VITALS {
            self.measure(encounter, &v::VITAL_SIGNS, measure);
        }
        self.blood_pressure(encounter);
    }

    /// The first `count` of the laboratory values, a few of them below a detection limit.
    pub(super) fn labs(&mut self, encounter: &Encounter, count: usize) {
        for measure in v::LABS.iter().take(count) {
            self.measure(encounter, &v::LABORATORY, measure);
        }
        if self.random.chance(200) {
            let fasting = self.random.chance(500);
            self.observation(encounter, &v::LABORATORY, &v::FASTING, |j| j.plain("valueBoolean", fasting));
        }
    }

    pub(super) fn blood_pressure(&mut self, encounter: &Encounter) {
        let systolic = self.random.around(90, 175);
        let diastolic = systolic * 6 / 10 + self.random.between(0, 12);
        self.observation(encounter, &v::VITAL_SIGNS, &v::BLOOD_PRESSURE, |j| {
            j.array("component", |j| {
                for (code, value) in [(v::SYSTOLIC, systolic), (v::DIASTOLIC, diastolic)] {
                    j.object(|j| {
                        j.concept("code", &code);
                        j.member("valueQuantity", |j| quantity(j, value, 0, "mm[Hg]"));
                    });
                }
            });
        });
    }

    /// Smoking (CodeableConcept), a depression score (integer), the last period (dateTime).
    pub(super) fn survey(&mut self, encounter: &Encounter) {
        let age = encounter.visit.age_years;
        if age >= 16 && self.random.chance(700) {
            let status = self.random.pick(v::SMOKING_STATUS);
            self.observation(encounter, &v::SOCIAL_HISTORY, &v::SMOKING, |j| {
                j.concept("valueCodeableConcept", &status);
            });
        }
        if age >= 12 && self.random.chance(400) {
            let score = self.random.between(0, 6);
            self.observation(encounter, &v::SURVEY, &v::PHQ2, |j| j.plain("valueInteger", score));
        }
        if self.life.female && (13..50).contains(&age) && self.random.chance(500) {
            let day = encounter.visit.start - self.random.between(1, 35) * DAY_SECONDS;
            self.observation(encounter, &v::SURVEY, &v::LAST_PERIOD, |j| {
                j.shown("valueDateTime", Instant(day))
            });
        }
    }

    /// What brought the patient in (string), and how long the fever lasted (Period).
    pub(super) fn complaint(&mut self, encounter: &Encounter, illness: &Code, days: i64) {
        let text = format!("{} since {} days; \"unwell\", müde", illness.display, self.random.between(1, 9));
        self.observation(encounter, &v::SURVEY, &v::CHIEF_COMPLAINT, |j| j.text("valueString", &text));
        if self.random.chance(300) {
            let start = encounter.visit.start - DAY_SECONDS;
            let end = start + days.min(5) * DAY_SECONDS;
            self.observation(encounter, &v::VITAL_SIGNS, &v::FEVER, |j| {
                j.member("valuePeriod", |j| super::period(j, start, end));
            });
        }
    }

    fn measure(&mut self, encounter: &Encounter, category: &Code, measure: &Measure) {
        let value = self.random.around(measure.low, measure.high);
        self.observation(encounter, category, &measure.code, |j| {
            j.member("valueQuantity", |j| quantity(j, value, measure.decimals, measure.unit));
        });
    }

    fn observation(
        &mut self,
        encounter: &Encounter,
        category: &Code,
        code: &Code,
        value: impl FnOnce(&mut Json),
    ) {
        let (urn, patient, shared) = (self.random.urn(), self.patient, self.shared);
        self.entries.create("Observation", &urn, |j| {
            j.text("status", "final");
            j.concepts("category", category);
            j.concept("code", code);
            j.reference("subject", patient);
            j.reference("encounter", &encounter.urn);
            j.shown("effectiveDateTime", Instant(encounter.visit.start));
            j.shown("issued", Instant(encounter.visit.start + 600));
            j.array("performer", |j| j.object(|j| j.text("reference", &shared.practitioner)));
            value(j);
        });
    }
}

/// A Quantity of `value * 10^-decimals`, all its digits written: `37.0` stays `37.0`.
fn quantity(j: &mut Json, value: i64, decimals: u32, unit: &str) {
    let scale = 10_i64.pow(decimals);
    match decimals {
        0 => j.plain("value", value),
        _ => {
            let width = decimals as usize;
            j.plain("value", format_args!("{}.{:0width$}", value / scale, value % scale));
        }
    }
    j.text("unit", unit);
    j.text("system", v::UCUM);
    j.text("code", unit);
}
