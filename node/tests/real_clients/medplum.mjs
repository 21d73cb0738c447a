// A session of https://www.npmjs.com/package/@medplum/core.
import assert from "node:assert/strict";
import { MedplumClient } from "@medplum/core";
import { SYSTEM, admission, mrn, observation, patient } from "./hospital.mjs";

const base = new URL(process.argv[2]);
const medplum = new MedplumClient({
  baseUrl: base.origin,
  fhirUrlPath: base.pathname.slice(1),
  fetch: globalThis.fetch,
  cacheTime: 0,
  autoBatchTime: 0,
});

const number = mrn();
const made = await medplum.createResource(patient(number));
assert.equal(made.meta.versionId, "1");
const found = await medplum.createResourceIfNoneExist(patient(number), `identifier=${SYSTEM}|${number}`);
assert.equal(found.id, made.id);
const upserted = await medplum.upsertResource(patient(number, "Upserted"), { identifier: `${SYSTEM}|${number}` });
assert.deepEqual([upserted.id, upserted.name[0].family], [made.id, "Upserted"]);
const fresh = mrn();
const created = await medplum.upsertResource(patient(fresh), { identifier: `${SYSTEM}|${fresh}` });
assert.notEqual(created.id, made.id);

const updated = await medplum.updateResource({ ...upserted, active: false });
assert.equal(updated.active, false);
// What changes nothing is answered as it was.
const same = await medplum.updateResource(updated);
assert.equal(same.meta.versionId, updated.meta.versionId);
const patched = await medplum.patchResource("Patient", made.id, [
  { op: "test", path: "/meta/versionId", value: updated.meta.versionId },
  { op: "replace", path: "/gender", value: "other" },
]);
assert.equal(patched.gender, "other");

const subject = `Patient/${made.id}`;
for (let value = 60; value < 67; value += 1) {
  await medplum.createResource(observation(subject, value));
}
let seen = [];
for await (const page of medplum.searchResourcePages("Observation", { subject, _count: 3 })) {
  seen = seen.concat(page.map((one) => one.id));
}
assert.deepEqual([seen.length, new Set(seen).size], [7, 7]);
const one = await medplum.searchOne("Patient", { identifier: `${SYSTEM}|${number}` });
assert.equal(one.id, made.id);
assert.equal((await medplum.search("Observation", { subject, _total: "accurate", _count: 0 })).total, 7);

const answers = await medplum.executeBatch(admission(mrn()));
assert.equal(answers.type, "transaction-response");
const batch = { resourceType: "Bundle", type: "batch", entry: [{ request: { method: "GET", url: `${subject}?_pretty=true` } }, { request: { method: "GET", url: `Observation?subject=${subject}&_count=2` } }] };
const batched = await medplum.executeBatch(batch);
assert.deepEqual(batched.entry.map((entry) => entry.response.status.slice(0, 3)), ["200", "200"]);

// Several reads at once become one batch.
const together = new MedplumClient({ baseUrl: base.origin, fhirUrlPath: base.pathname.slice(1), fetch: globalThis.fetch, cacheTime: 0, autoBatchTime: 20 });
const both = await Promise.all([together.readResource("Patient", made.id), together.readResource("Patient", created.id)]);
assert.deepEqual(both.map((resource) => resource.id), [made.id, created.id]);

const history = await medplum.readHistory("Patient", made.id);
assert.equal(history.entry.length, Number(patched.meta.versionId));
assert.equal((await medplum.readVersion("Patient", made.id, "1")).name[0].family, "Chalmers");
assert.equal((await medplum.readReference({ reference: subject })).id, made.id);
const everything = await medplum.readPatientEverything(made.id);
assert.equal(everything.entry.length, 8);
assert.equal((await medplum.validateResource(patient("x"))).resourceType, "OperationOutcome");

const { data } = await medplum.graphql(
  `query Chart($id: String!, $n: Int) { Patient(id: $id) { gender ObservationList(_reference: subject, _count: $n) { resourceType } } }`,
  "Chart",
  { id: made.id, n: 3 },
);
assert.deepEqual([data.Patient.gender, data.Patient.ObservationList.length], ["other", 3]);

const binary = await medplum.createBinary({ data: "a letter", contentType: "text/plain", filename: "letter.txt" });
const letter = await medplum.download(medplum.fhirUrl("Binary", binary.id));
assert.equal(await letter.text(), "a letter");

await medplum.deleteResource("Patient", created.id);
await assert.rejects(medplum.readResource("Patient", created.id), (error) => error.outcome.issue.length > 0);
console.log("well");
