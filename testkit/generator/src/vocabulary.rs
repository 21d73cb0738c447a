//! The codes and names the generator draws from: real codes of SNOMED CT, LOINC, RxNorm, CVX and HL7.

/// A Coding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Code {
    pub(super) system: &'static str,
    pub(super) code: &'static str,
    pub(super) display: &'static str,
}

const fn code(system: &'static str, code: &'static str, display: &'static str) -> Code {
    Code { system, code, display }
}

macro_rules! hl7 {
    ($set:literal) => {
        concat!("http://terminology.hl7.org/CodeSystem/", $set)
    };
}

const SNOMED: &str = "http://snomed.info/sct";
const LOINC: &str = "http://loinc.org";
const RXNORM: &str = "http://www.nlm.nih.gov/research/umls/rxnorm";
const CVX: &str = "http://hl7.org/fhir/sid/cvx";
const OMB: &str = "urn:oid:2.16.840.1.113883.6.238";
pub(super) const UCUM: &str = "http://unitsofmeasure.org";

pub(super) const PROVIDER: Code = code(hl7!("organization-type"), "prov", "Healthcare Provider");
pub(super) const MEDICAL_RECORD: Code = code(hl7!("v2-0203"), "MR", "Medical Record Number");
pub(super) const SOCIAL_SECURITY: Code = code(hl7!("v2-0203"), "SS", "Social Security Number");
pub(super) const AMBULATORY: Code = code(hl7!("v3-ActCode"), "AMB", "ambulatory");
pub(super) const EMERGENCY: Code = code(hl7!("v3-ActCode"), "EMER", "emergency");
pub(super) const PRIMARY_PERFORMER: Code = code(hl7!("v3-ParticipationType"), "PPRF", "primary performer");
pub(super) const ACTIVE: Code = code(hl7!("condition-clinical"), "active", "Active");
pub(super) const RESOLVED: Code = code(hl7!("condition-clinical"), "resolved", "Resolved");
pub(super) const CONFIRMED: Code = code(hl7!("condition-ver-status"), "confirmed", "Confirmed");
pub(super) const DIAGNOSIS: Code =
    code(hl7!("condition-category"), "encounter-diagnosis", "Encounter Diagnosis");
pub(super) const VITAL_SIGNS: Code = code(hl7!("observation-category"), "vital-signs", "Vital Signs");
pub(super) const LABORATORY: Code = code(hl7!("observation-category"), "laboratory", "Laboratory");
pub(super) const SURVEY: Code = code(hl7!("observation-category"), "survey", "Survey");
pub(super) const SOCIAL_HISTORY: Code =
    code(hl7!("observation-category"), "social-history", "Social History");

pub(super) const WELLNESS: Code = code(SNOMED, "162673000", "General examination of patient (procedure)");
pub(super) const FOLLOW_UP: Code = code(SNOMED, "390906007", "Follow-up encounter");
pub(super) const PROBLEM: Code = code(SNOMED, "185347001", "Encounter for problem");
pub(super) const EMERGENCY_ROOM: Code = code(SNOMED, "50849002", "Emergency room admission");

pub(super) const BLOOD_PRESSURE: Code = code(LOINC, "85354-9", "Blood pressure panel");
pub(super) const SYSTOLIC: Code = code(LOINC, "8480-6", "Systolic blood pressure");
pub(super) const DIASTOLIC: Code = code(LOINC, "8462-4", "Diastolic blood pressure");
pub(super) const SMOKING: Code = code(LOINC, "72166-2", "Tobacco smoking status");
pub(super) const CHIEF_COMPLAINT: Code = code(LOINC, "8661-1", "Chief complaint - Reported");
pub(super) const FASTING: Code = code(LOINC, "49541-6", "Fasting status - Reported");
pub(super) const PHQ2: Code = code(LOINC, "55758-7", "Patient Health Questionnaire 2 item total score");
pub(super) const LAST_PERIOD: Code = code(LOINC, "8665-2", "Last menstrual period start date");
pub(super) const FEVER: Code = code(SNOMED, "386661006", "Fever");

pub(super) const SMOKING_STATUS: &[Code] = &[
    code(SNOMED, "266919005", "Never smoked tobacco"),
    code(SNOMED, "8517006", "Ex-smoker"),
    code(SNOMED, "449868002", "Smokes tobacco daily"),
];

/// A measured quantity: what, UCUM unit, the range of values in units of `10^-decimals`.
#[derive(Clone, Copy)]
pub(super) struct Measure {
    pub(super) code: Code,
    pub(super) unit: &'static str,
    pub(super) low: i64,
    pub(super) high: i64,
    pub(super) decimals: u32,
}

const fn measure(code: Code, unit: &'static str, low: i64, high: i64, decimals: u32) -> Measure {
    Measure { code, unit, low, high, decimals }
}

pub(super) const VITALS: &[Measure] = &[
    measure(code(LOINC, "8302-2", "Body height"), "cm", 1450, 2000, 1),
    measure(code(LOINC, "29463-7", "Body weight"), "kg", 4500, 13000, 2),
    measure(code(LOINC, "8867-4", "Heart rate"), "/min", 50, 105, 0),
    measure(code(LOINC, "8310-5", "Body temperature"), "Cel", 360, 378, 1),
];

pub(super) const LABS: &[Measure] = &[
    measure(code(LOINC, "4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood"), "%", 480, 1100, 2),
    measure(code(LOINC, "2339-0", "Glucose [Mass/volume] in Blood"), "mg/dL", 6500, 21000, 2),
    measure(code(LOINC, "2093-3", "Cholesterol [Mass/volume] in Serum or Plasma"), "mg/dL", 1200, 3100, 1),
    measure(code(LOINC, "38483-4", "Creatinine [Mass/volume] in Blood"), "mg/dL", 50, 400, 2),
    measure(code(LOINC, "2947-0", "Sodium [Moles/volume] in Blood"), "mmol/L", 1340, 1460, 1),
    measure(code(LOINC, "6298-4", "Potassium [Moles/volume] in Blood"), "mmol/L", 33, 55, 1),
    measure(code(LOINC, "718-7", "Hemoglobin [Mass/volume] in Blood"), "g/dL", 90, 175, 1),
];

/// A lasting disease: from which age, in how many of 1000 people, its drug, how many visits a year it causes.
#[derive(Clone, Copy)]
pub(super) struct Chronic {
    pub(super) code: Code,
    pub(super) age_min: i64,
    pub(super) permille: u64,
    pub(super) visits_per_year: i64,
    pub(super) drug: Code,
}

const fn chronic(code: Code, age_min: i64, permille: u64, visits_per_year: i64, drug: Code) -> Chronic {
    Chronic { code, age_min, permille, visits_per_year, drug }
}

pub(super) const CHRONIC: &[Chronic] = &[
    chronic(
        code(SNOMED, "59621000", "Essential hypertension"),
        35,
        280,
        1,
        code(RXNORM, "314076", "lisinopril 10 MG Oral Tablet"),
    ),
    chronic(
        code(SNOMED, "44054006", "Diabetes mellitus type 2"),
        40,
        110,
        1,
        code(RXNORM, "860975", "metformin hydrochloride 500 MG Extended Release Oral Tablet"),
    ),
    chronic(
        code(SNOMED, "195967001", "Asthma"),
        4,
        80,
        1,
        code(RXNORM, "745679", "albuterol 0.09 MG/ACTUAT Metered Dose Inhaler"),
    ),
    chronic(
        code(SNOMED, "55822004", "Hyperlipidemia"),
        40,
        150,
        1,
        code(RXNORM, "312961", "simvastatin 20 MG Oral Tablet"),
    ),
    chronic(
        code(SNOMED, "46635009", "Diabetes mellitus type 1"),
        8,
        6,
        4,
        code(RXNORM, "311034", "insulin, regular, human 100 UNT/ML Injectable Solution"),
    ),
    chronic(
        code(SNOMED, "46177005", "End-stage renal disease"),
        50,
        8,
        24,
        code(RXNORM, "205923", "epoetin alfa 4000 UNT/ML Injectable Solution"),
    ),
];

/// What people see a doctor for and recover from.
pub(super) const ACUTE: &[Code] = &[
    code(SNOMED, "444814009", "Viral sinusitis"),
    code(SNOMED, "195662009", "Acute viral pharyngitis"),
    code(SNOMED, "10509002", "Acute bronchitis"),
    code(SNOMED, "65363002", "Otitis media"),
    code(SNOMED, "43878008", "Streptococcal sore throat"),
    code(SNOMED, "44465007", "Sprain of ankle"),
    code(SNOMED, "65966004", "Fracture of forearm"),
    code(SNOMED, "62106007", "Concussion with no loss of consciousness"),
    code(SNOMED, "74400008", "Appendicitis"),
];

pub(super) const ACUTE_DRUGS: &[Code] = &[
    code(RXNORM, "308182", "amoxicillin 250 MG Oral Capsule"),
    code(RXNORM, "310965", "ibuprofen 200 MG Oral Tablet"),
    code(RXNORM, "313782", "acetaminophen 325 MG Oral Tablet"),
    code(RXNORM, "849574", "naproxen sodium 220 MG Oral Tablet"),
];

pub(super) const PROCEDURES: &[Code] = &[
    code(SNOMED, "430193006", "Medication reconciliation"),
    code(SNOMED, "73761001", "Colonoscopy"),
    code(SNOMED, "80146002", "Appendectomy"),
    code(SNOMED, "274474001", "Bone immobilization"),
    code(SNOMED, "117015009", "Throat culture"),
    code(SNOMED, "399208008", "Plain X-ray of chest"),
];

pub(super) const DIALYSIS: Code = code(SNOMED, "265764009", "Renal dialysis");

pub(super) const CHILD_VACCINES: &[Code] = &[
    code(CVX, "08", "Hep B, adolescent or pediatric"),
    code(CVX, "10", "IPV"),
    code(CVX, "20", "DTaP"),
    code(CVX, "03", "MMR"),
    code(CVX, "21", "varicella"),
];

pub(super) const INFLUENZA: Code = code(CVX, "140", "Influenza, seasonal, injectable, preservative free");
pub(super) const TETANUS: Code =
    code(CVX, "113", "Td (adult), 5 Lf tetanus toxoid, preservative free, adsorbed");

pub(super) const RACES: &[Code] = &[
    code(OMB, "2106-3", "White"),
    code(OMB, "2106-3", "White"),
    code(OMB, "2106-3", "White"),
    code(OMB, "2054-5", "Black or African American"),
    code(OMB, "2028-9", "Asian"),
    code(OMB, "1002-5", "American Indian or Alaska Native"),
];
pub(super) const HISPANIC: Code = code(OMB, "2135-2", "Hispanic or Latino");
pub(super) const NOT_HISPANIC: Code = code(OMB, "2186-5", "Not Hispanic or Latino");

/// Names that belong together.
#[derive(Clone, Copy)]
pub(super) struct Culture {
    pub(super) hispanic: bool,
    pub(super) female: &'static [&'static str],
    pub(super) male: &'static [&'static str],
    pub(super) families: &'static [&'static str],
}

const ENGLISH: Culture = Culture {
    hispanic: false,
    female: &["Alice", "Mary", "Ann", "Grace", "Emily", "Rose", "Charlotte", "Zoë", "Margaret", "Dorothy"],
    male: &["James", "John", "Robert", "William", "Henry", "Samuel", "Noah", "Oscar", "Walter", "Frank"],
    families: &[
        "Smith", "Johnson", "O'Connor", "Brown", "Taylor", "Hill", "Baker", "Carter", "Walker", "Reed",
        "Brontë",
    ],
};
const SPANISH: Culture = Culture {
    hispanic: true,
    female: &["María", "Lucía", "Inés", "Sofía", "Begoña", "Ximena", "Concepción"],
    male: &["José", "Ángel", "Adán", "Martín", "Íñigo", "Jesús", "Andrés"],
    families: &["Ordóñez", "García", "Muñoz", "Núñez", "Peña", "Ibáñez", "Rodríguez", "Pulido"],
};
const MIDDLE_EUROPEAN: Culture = Culture {
    hispanic: false,
    female: &["Łucja", "Žofie", "Jürgenne", "Małgorzata", "Käthe", "Éva", "Søs"],
    male: &["Jürgen", "Łukasz", "Jiří", "Günther", "Zoltán", "Bjørn", "François"],
    families: &["Müller", "Dvořák", "Wałęsa", "Groß", "Kovács", "Sørensen", "Lefèvre", "Åkesson"],
};
const EAST_ASIAN: Culture = Culture {
    hispanic: false,
    female: &["美咲", "秀英", "Mei", "지우", "Linh"],
    male: &["大輔", "伟", "Wei", "민준", "Minh"],
    families: &["王", "佐藤", "김", "Nguyễn", "Chen", "田中"],
};

/// In the proportion in which they are drawn.
pub(super) const CULTURES: &[Culture] =
    &[ENGLISH, ENGLISH, ENGLISH, ENGLISH, SPANISH, SPANISH, MIDDLE_EUROPEAN, EAST_ASIAN];

/// City, state, postal code.
pub(super) const CITIES: &[(&str, &str, &str)] = &[
    ("Boston", "MA", "02108"),
    ("Worcester", "MA", "01601"),
    ("Springfield", "MA", "01103"),
    ("Cañon City", "CO", "81212"),
    ("Overland Park", "KS", "66204"),
    ("Portland", "ME", "04101"),
    ("Mayagüez", "PR", "00680"),
    ("Burlington", "VT", "05401"),
    ("Española", "NM", "87532"),
];

pub(super) const STREETS: &[&str] =
    &["Main Street", "Oak Avenue", "Maple Road", "Calle Peñón", "Ter Heun Drive", "Harbour Lane", "Mill Row"];

pub(super) const SAINTS: &[&str] = &["St. Mary", "St. Anne", "General", "Memorial", "Mercy", "Community"];

pub(super) const MARITAL_STATUS: &[Code] = &[
    code(hl7!("v3-MaritalStatus"), "M", "Married"),
    code(hl7!("v3-MaritalStatus"), "S", "Never Married"),
    code(hl7!("v3-MaritalStatus"), "D", "Divorced"),
    code(hl7!("v3-MaritalStatus"), "W", "Widowed"),
];
