//! What is written: an Observation of about 2 KB for one of a set of patients, every one different.

use bytes::Bytes;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// The system of the identifiers by which a write is found again.
pub const SYSTEM: &str = "urn:salamander:bench";

const CODES: [(&str, &str); 8] = [
    ("8302-2", "Body Height"),
    ("29463-7", "Body Weight"),
    ("39156-5", "Body Mass Index"),
    ("8867-4", "Heart rate"),
    ("9279-1", "Respiratory rate"),
    ("2339-0", "Glucose"),
    ("2093-3", "Total Cholesterol"),
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood"),
];

/// Never ends; shared by all workers of a row.
pub struct Observations {
    patients: Vec<String>,
    run: String,
    next: AtomicU64,
}

/// One Observation to write.
pub struct Draft {
    /// The identifier's value, unique over all runs.
    pub identifier: String,
    /// The id for writes with client-assigned ids.
    pub id: String,
    /// Logical id of the patient it is about.
    pub patient: String,
    /// Counts from 0.
    pub number: u64,
}

impl Observations {
    /// For the patients with these ids, one after the other. `label` keeps rows apart.
    pub fn new(label: &str, patients: Vec<String>) -> Arc<Observations> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        Arc::new(Observations { patients, run: format!("{label}-{now:x}"), next: AtomicU64::new(0) })
    }

    /// How many were taken so far.
    pub fn drafted(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// The next one.
    pub fn draft(&self) -> Draft {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let identifier = format!("{}-{number}", self.run);
        let patient = self.patients[usize::try_from(number).unwrap_or(0) % self.patients.len()].clone();
        Draft { id: identifier.clone(), identifier, patient, number }
    }
}

impl Draft {
    /// The resource without an id, as for POST.
    pub fn body(&self) -> Bytes {
        self.render("")
    }

    /// The resource with its id, as for PUT.
    pub fn body_with_id(&self) -> Bytes {
        self.render(&format!("\"id\":\"{}\",", self.id))
    }

    fn render(&self, id: &str) -> Bytes {
        let (code, display) = CODES[(self.number % 8) as usize];
        let (minute, value) = (self.number % 60, 50 + self.number % 150);
        let (identifier, patient) = (&self.identifier, &self.patient);
        Bytes::from(format!(
            r#"{{"resourceType":"Observation",{id}"identifier":[{{"use":"official","system":"{SYSTEM}","value":"{identifier}"}}],"status":"final","category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"Vital Signs"}}],"text":"Vital Signs"}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"{code}","display":"{display}"}}],"text":"{display}"}},"subject":{{"reference":"Patient/{patient}"}},"effectiveDateTime":"2024-03-05T08:{minute:02}:00+01:00","issued":"2024-03-05T08:{minute:02}:30.512+01:00","valueQuantity":{{"value":{value}.250,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"}},"interpretation":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"N","display":"Normal"}}],"text":"Normal"}}],"note":[{{"text":"Measured at rest, sitting, after ten minutes of quiet; the cuff was placed on the left arm at the level of the heart. The patient had no complaints and had taken the morning medication two hours before. Repeated once after five minutes with the same result; the next measurement is due at the visit in three months."}}],"method":{{"coding":[{{"system":"http://snomed.info/sct","code":"37931006","display":"Auscultation (procedure)"}}]}},"referenceRange":[{{"low":{{"value":50.0,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"}},"high":{{"value":200.0,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"}},"text":"50 to 200 mg/dL"}}],"component":[{{"code":{{"coding":[{{"system":"http://loinc.org","code":"8480-6","display":"Systolic Blood Pressure"}}],"text":"Systolic Blood Pressure"}},"valueQuantity":{{"value":12{minute:02}.5,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}}},{{"code":{{"coding":[{{"system":"http://loinc.org","code":"8462-4","display":"Diastolic Blood Pressure"}}],"text":"Diastolic Blood Pressure"}},"valueQuantity":{{"value":78.0,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}}}]}}"#
        ))
    }
}

/// A Patient for the Observations to be about.
pub fn patient(number: usize) -> Bytes {
    Bytes::from(format!(
        r#"{{"resourceType":"Patient","identifier":[{{"system":"{SYSTEM}:patient","value":"p-{number}"}}],"name":[{{"use":"official","family":"Bench{number}","given":["Ada"]}}],"gender":"female","birthDate":"1970-01-{:02}"}}"#,
        number % 28 + 1
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn about_two_kilobytes_of_json_and_every_one_different() -> anyhow::Result<()> {
        let observations = Observations::new("test", vec!["a".into(), "b".into()]);
        let (first, second) = (observations.draft(), observations.draft());
        assert_ne!(first.body(), second.body());
        assert_eq!((first.patient.as_str(), second.patient.as_str()), ("a", "b"));
        let body = second.body_with_id();
        assert!((1900..2500).contains(&body.len()), "{} bytes", body.len());
        let parsed: Value = serde_json::from_slice(&body)?;
        assert_eq!(parsed["id"], second.id.as_str());
        assert_eq!(parsed["identifier"][0]["value"], second.identifier.as_str());
        assert_eq!(parsed["subject"]["reference"], "Patient/b");
        assert!(serde_json::from_slice::<Value>(&first.body())?["id"].is_null());
        assert!(second.id.len() <= 64, "{}", second.id);
        Ok(())
    }

    #[test]
    fn the_patient_is_json() -> anyhow::Result<()> {
        assert_eq!(serde_json::from_slice::<Value>(&patient(30))?["birthDate"], "1970-01-03");
        Ok(())
    }
}
