// What the sessions in JavaScript write.

export const SYSTEM = "http://hospital.example/mrn";

let last = 0;

/** A number nobody else has. */
export function mrn() {
  last += 1;
  return `${process.pid}-${Date.now()}-${last}`;
}

export function patient(number, family = "Chalmers") {
  return {
    resourceType: "Patient",
    identifier: [{ system: SYSTEM, value: number }],
    active: true,
    name: [{ family, given: ["Peter"] }],
    gender: "male",
    birthDate: "1974-12-25",
  };
}

export function observation(subject, value, status = "final") {
  return {
    resourceType: "Observation",
    status,
    code: { coding: [{ system: "http://loinc.org", code: "29463-7" }] },
    subject: { reference: subject },
    effectiveDateTime: "2026-11-29T08:00:00Z",
    valueQuantity: { value, unit: "kg", system: "http://unitsofmeasure.org", code: "kg" },
  };
}

/** A patient and two observations of hers, which refer to her by a name of the bundle. */
export function admission(number) {
  const urn = "urn:uuid:4d1b9a3e-7a0c-4a83-8fb6-6a7e3f1f0c11";
  const post = (resource) => ({ resource, request: { method: "POST", url: resource.resourceType } });
  const entries = [observation(urn, 81), observation(urn, 82)].map(post);
  const first = { ...post(patient(number, "Transacted")), fullUrl: urn };
  first.request.ifNoneExist = `identifier=${SYSTEM}|${number}`;
  return { resourceType: "Bundle", type: "transaction", entry: [first, ...entries] };
}
