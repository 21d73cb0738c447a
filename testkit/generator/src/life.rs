//! What happens in a life: when somebody is born and dies, falls ill and sees a doctor. No FHIR here.

use super::{
    calendar::{DAY_SECONDS, TODAY},
    random::Random,
    vocabulary::{self as v, Chronic},
};

const YEAR_DAYS: i64 = 365;
const LIFE_YEARS_MAX: i64 = 90;

/// Why somebody sees a doctor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Wellness,
    Acute,
    /// The n-th of the life's chronic diseases: its first diagnosis, and the visits after it.
    Diagnosis(usize),
    Control(usize),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Visit {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub(super) start: i64,
    pub(super) age_years: i64,
    pub(super) reason: Reason,
}

pub(super) struct Life {
    /// Days since 1970-01-01.
    pub(super) birth: i64,
    pub(super) death: Option<i64>,
    pub(super) female: bool,
    pub(super) diseases: Vec<Chronic>,
    /// In the order of time.
    pub(super) visits: Vec<Visit>,
}

impl Life {
    pub(super) fn draw(random: &mut Random) -> Life {
        let birth = TODAY - 1 - random.below((LIFE_YEARS_MAX * YEAR_DAYS) as u64) as i64;
        let age = (TODAY - birth) / YEAR_DAYS;
        let death = (age > 50 && random.chance(((age - 50) * 8) as u64))
            .then(|| random.between(birth + 50 * YEAR_DAYS, TODAY - 1));
        let mut life =
            Life { birth, death, female: random.chance(510), diseases: Vec::new(), visits: Vec::new() };
        life.draw_visits(random);
        life.draw_diseases(random);
        life.visits.sort_by_key(|visit| visit.start);
        life
    }

    fn end(&self) -> i64 {
        self.death.unwrap_or(TODAY)
    }

    fn years(&self) -> i64 {
        (self.end() - self.birth) / YEAR_DAYS
    }

    fn draw_visits(&mut self, random: &mut Random) {
        self.visit(random, 0, Reason::Wellness);
        for age in 0..=self.years() {
            let wellness = match age {
                0..3 => 700,
                3..18 => 180,
                18..50 => 70,
                _ => 130,
            };
            if random.chance(wellness) {
                self.visit(random, age, Reason::Wellness);
            }
            if random.chance(90) {
                self.visit(random, age, Reason::Acute);
            }
        }
    }

    fn draw_diseases(&mut self, random: &mut Random) {
        for disease in v::CHRONIC {
            if self.years() <= disease.age_min || !random.chance(disease.permille) {
                continue;
            }
            let onset = random.between(disease.age_min, self.years());
            let number = self.diseases.len();
            self.diseases.push(*disease);
            self.visit(random, onset, Reason::Diagnosis(number));
            for age in onset + 1..=self.years() {
                // Not everybody comes when asked to.
                for _ in 0..disease.visits_per_year {
                    if random.chance(330) {
                        self.visit(random, age, Reason::Control(number));
                    }
                }
            }
        }
    }

    /// A visit on a random day of that year of life, in office hours; none before birth or after death.
    fn visit(&mut self, random: &mut Random, age_years: i64, reason: Reason) {
        let day = self.birth + age_years * YEAR_DAYS + random.between(0, YEAR_DAYS - 1);
        let start = day * DAY_SECONDS + random.between(8 * 3600, 17 * 3600);
        if day < self.end() {
            self.visits.push(Visit { start, age_years, reason });
        }
    }
}
