// A session of https://www.npmjs.com/package/fhir-kit-client.
import assert from "node:assert/strict";
import { Client } from "fhir-kit-client";
import { SYSTEM, admission, mrn, observation, patient } from "./hospital.mjs";

const client = new Client({ baseUrl: process.argv[2] });
const { request, response } = { request: null, response: (resource) => Client.httpFor(resource).response };
void request;

const capabilities = await client.capabilityStatement();
assert.equal(capabilities.fhirVersion, "4.0.1");

const number = mrn();
const made = await client.create({ resourceType: "Patient", body: patient(number) });
assert.equal(response(made).status, 201);
assert.match(response(made).headers.get("location"), new RegExp(`/Patient/${made.id}/_history/1$`));
assert.deepEqual((await client.read({ resourceType: "Patient", id: made.id })).name, made.name);

// A conditional create finds her.
const again = await client.create({
  resourceType: "Patient",
  body: patient(number),
  options: { headers: { "If-None-Exist": `identifier=${SYSTEM}|${number}` } },
});
assert.equal(response(again).status, 200);

// An update by id, one under a version, and one by criteria.
const updated = await client.update({ resourceType: "Patient", id: made.id, body: { ...made, active: false } });
assert.equal(updated.meta.versionId, "2");
const stale = client.update({
  resourceType: "Patient",
  id: made.id,
  body: made,
  options: { headers: { "If-Match": 'W/"1"' } },
});
await assert.rejects(stale, (error) => error.response.status === 412);
const upserted = await client.update({
  resourceType: "Patient",
  searchParams: { identifier: `${SYSTEM}|${number}` },
  body: patient(number, "Upserted"),
});
assert.deepEqual([upserted.id, upserted.meta.versionId], [made.id, "3"]);
const fresh = mrn();
const created = await client.update({
  resourceType: "Patient",
  searchParams: { identifier: `${SYSTEM}|${fresh}` },
  body: patient(fresh),
});
assert.equal(response(created).status, 201);

// A JSON Patch as it sends it.
const patched = await client.patch({
  resourceType: "Patient",
  id: made.id,
  jsonPatch: [{ op: "replace", path: "/gender", value: "other" }],
});
assert.equal(patched.gender, "other");

// Pages, forth and back.
const subject = `Patient/${made.id}`;
for (let value = 60; value < 67; value += 1) {
  await client.create({ resourceType: "Observation", body: observation(subject, value) });
}
const searchParams = { subject, _count: 3, _sort: "-date" };
const pages = [await client.search({ resourceType: "Observation", searchParams })];
assert.equal(pages[0].total, 7);
for (let next = client.nextPage({ bundle: pages[0] }); next; next = client.nextPage({ bundle: pages.at(-1) })) {
  pages.push(await next);
}
const ids = pages.flatMap((page) => page.entry.map((entry) => entry.resource.id));
assert.deepEqual([pages.length, new Set(ids).size], [3, 7]);
const before = await client.prevPage({ bundle: pages[1] });
assert.deepEqual(before.entry.map((entry) => entry.resource.id), ids.slice(0, 3));

// By POST, in her compartment, and everywhere.
const posted = await client.search({ resourceType: "Observation", searchParams: { subject }, options: { postSearch: true } });
assert.equal(posted.total, 7);
const own = await client.compartmentSearch({
  resourceType: "Observation",
  compartment: { resourceType: "Patient", id: made.id },
  searchParams: { "value-quantity": "gt63||kg" },
});
assert.equal(own.total, 3);
const everywhere = await client.systemSearch({ searchParams: { _type: "Patient", identifier: `${SYSTEM}|${number}` } });
assert.equal(everywhere.entry[0].resource.id, made.id);

// A transaction, and again: the patient is there by then.
const transacted = mrn();
const answers = await client.transaction({ body: admission(transacted) });
assert.deepEqual(answers.entry.map((entry) => entry.response.status.slice(0, 3)), ["201", "201", "201"]);
const repeated = await client.transaction({ body: admission(transacted) });
assert.equal(repeated.entry[0].response.status.slice(0, 3), "200");
const admitted = await client.search({ resourceType: "Patient", searchParams: { identifier: `${SYSTEM}|${transacted}`, _revinclude: "Observation:subject" } });
assert.deepEqual([admitted.total, admitted.entry.length], [1, 5]);

// A batch of reads, of which one is not there.
const batch = await client.batch({
  body: {
    resourceType: "Bundle",
    type: "batch",
    entry: [subject, "Patient/nobody"].map((url) => ({ request: { method: "GET", url } })),
  },
});
assert.deepEqual(batch.entry.map((entry) => entry.response.status.slice(0, 3)), ["200", "404"]);

// Histories, operations, references, and the end.
const history = await client.history({ resourceType: "Patient", id: made.id });
assert.deepEqual(history.entry.map((entry) => entry.resource.meta.versionId), ["4", "3", "2", "1"]);
assert.ok((await client.history({ resourceType: "Observation" })).entry.length > 0);
assert.ok((await client.history()).entry.length > 0);
assert.equal((await client.vread({ resourceType: "Patient", id: made.id, version: "1" })).active, true);
const everything = await client.operation({ name: "everything", resourceType: "Patient", id: made.id, method: "GET" });
assert.equal(everything.entry.length, 8);
const judged = await client.operation({
  name: "validate",
  resourceType: "Patient",
  input: { resourceType: "Parameters", parameter: [{ name: "resource", resource: patient("x") }] },
});
assert.equal(judged.resourceType, "OperationOutcome");
const resolved = await client.resolve({ reference: pages[0].entry[0].resource.subject.reference });
assert.equal(resolved.id, made.id);
await client.delete({ resourceType: "Patient", id: created.id });
await assert.rejects(client.read({ resourceType: "Patient", id: created.id }), (error) => error.response.status === 410);
await assert.rejects(client.read({ resourceType: "Patient", id: "nobody" }), (error) => error.response.status === 404);
console.log("well");
