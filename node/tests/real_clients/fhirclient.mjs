// A session of https://www.npmjs.com/package/fhirclient, which apps of SMART on FHIR are written with.
import assert from "node:assert/strict";
import fhirclient from "fhirclient";
import { SYSTEM, admission, mrn, observation, patient } from "./hospital.mjs";

const incoming = { headers: { host: "localhost" }, url: "/", socket: {}, connection: {} };
const smart = fhirclient(incoming, { headers: {}, writeHead() {}, end() {} });
const client = smart.client({ serverUrl: process.argv[2] });

const number = mrn();
const made = await client.create(patient(number));
const found = await client.create(patient(number), { headers: { "If-None-Exist": `identifier=${SYSTEM}|${number}` } });
assert.equal(found.id, made.id);
const updated = await client.update({ ...made, active: false });
assert.equal(updated.meta.versionId, "2");
const patched = await client.patch(`Patient/${made.id}`, [{ op: "replace", path: "/gender", value: "other" }]);
assert.equal(patched.gender, "other");
const upserted = await client.request({
  url: `Patient?identifier=${encodeURIComponent(`${SYSTEM}|${number}`)}`,
  method: "PUT",
  headers: { "content-type": "application/fhir+json" },
  body: JSON.stringify(patient(number, "Upserted")),
});
assert.deepEqual([upserted.id, upserted.name[0].family], [made.id, "Upserted"]);

const subject = `Patient/${made.id}`;
for (let value = 60; value < 67; value += 1) {
  await client.create(observation(subject, value));
}
// All pages, flat, with what they refer to resolved.
const all = await client.request(`Observation?subject=${subject}&_count=3`, { pageLimit: 0, flat: true, resolveReferences: "subject" });
assert.deepEqual([all.length, new Set(all.map((one) => one.id)).size], [7, 7]);
assert.ok(all.every((one) => one.subject.id === made.id), "references are resolved");

const answers = await client.request({
  url: "",
  method: "POST",
  headers: { "content-type": "application/fhir+json" },
  body: JSON.stringify(admission(mrn())),
});
assert.equal(answers.entry.length, 3);
const history = await client.request(`Patient/${made.id}/_history`);
assert.equal(history.entry.length, 4);
const everything = await client.request(`Patient/${made.id}/$everything`, { pageLimit: 0, flat: true });
assert.equal(everything.length, 8);
assert.equal(await client.getFhirVersion(), "4.0.1");
assert.equal(await client.getFhirRelease(), 4);
assert.ok(Array.isArray(await client.getOperations?.() ?? []), "operations");
await client.delete(`Observation/${all[0].id}`);
await assert.rejects(client.request(`Observation/${all[0].id}`), /410|Gone/i);
console.log("well");
