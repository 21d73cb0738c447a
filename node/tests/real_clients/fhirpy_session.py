"""A session of https://pypi.org/project/fhirpy."""

import os
import sys
import time

from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

SYSTEM = "http://hospital.example/mrn"
client = SyncFHIRClient(sys.argv[1])


def mrn(last=[0]):
    last[0] += 1
    return f"{os.getpid()}-{time.time_ns()}-{last[0]}"


def patient(number, family="Chalmers"):
    return client.resource(
        "Patient",
        identifier=[{"system": SYSTEM, "value": number}],
        active=True,
        name=[{"family": family, "given": ["Peter"]}],
        gender="male",
        birthDate="1974-12-25",
    )


def observation(subject, value):
    return client.resource(
        "Observation",
        status="final",
        code={"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        subject=subject.to_reference(),
        effectiveDateTime="2026-11-29T08:00:00Z",
        valueQuantity={"value": value, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
    )


number = mrn()
made = patient(number)
made.save()
assert made.id and made["meta"]["versionId"] == "1"
made["active"] = False
made.save()
assert made["meta"]["versionId"] == "2"

# The whole by PUT, some members by PATCH.
made["gender"] = "other"
made.save(fields=["gender"])
assert made["meta"]["versionId"] == "3", made["meta"]
made.patch(active=True)
assert made["meta"]["versionId"] == "4", made["meta"]
made["birthDate"] = "1975-01-01"
made.update()
made.refresh()
assert (made["birthDate"], made["active"], made["gender"]) == ("1975-01-01", True, "other")

# Under criteria: created, updated, patched. Its get_or_create sends them in the URL of a POST, which is not FHIR: that is told.
patients = client.resources("Patient")
fresh = mrn()
one, is_new = patients.search(identifier=f"{SYSTEM}|{fresh}").update(patient(fresh))
assert is_new
try:
    patients.search(identifier=f"{SYSTEM}|{fresh}").get_or_create(patient(fresh))
    raise AssertionError("a create without its condition is another one")
except OperationOutcome as outcome:
    assert "If-None-Exist" in str(outcome)
three, is_new = patients.search(identifier=f"{SYSTEM}|{fresh}").update(patient(fresh, "Upserted"))
assert not is_new and three.id == one.id and three["name"][0]["family"] == "Upserted"
four = patients.search(identifier=f"{SYSTEM}|{fresh}").patch(gender="female")
assert four.id == one.id and four["gender"] == "female"

for value in range(60, 67):
    observation(made, value).save()
observations = client.resources("Observation").search(subject=made.to_reference().reference)
assert observations.count() == 7
ids = [one.id for one in observations.limit(3)]
assert len(ids) == 7 and len(set(ids)) == 7
assert len(observations.search(value_quantity__gt="63||kg").fetch_all()) == 3
assert len(observations.sort("-date").limit(2).fetch()) == 2
bundle = patients.search(_id=made.id).revinclude("Observation", "subject").fetch_raw()
assert len(bundle["entry"]) == 8
assert observations.first().get("subject").to_resource().id == made.id
with_weight = patients.has("Observation", "patient", code="29463-7").search(identifier=f"{SYSTEM}|{number}")
assert with_weight.get().id == made.id

transaction = client.resource(
    "Bundle",
    type="transaction",
    entry=[
        {"fullUrl": "urn:uuid:4d1b9a3e-7a0c-4a83-8fb6-6a7e3f1f0c11", "request": {"method": "POST", "url": "Patient"},
         "resource": patient(mrn()).serialize()},
        {"request": {"method": "POST", "url": "Observation"},
         "resource": {**observation(made, 80).serialize(),
                      "subject": {"reference": "urn:uuid:4d1b9a3e-7a0c-4a83-8fb6-6a7e3f1f0c11"}}},
    ],
)
transaction.save()
history = client.execute(f"Patient/{made.id}/_history", method="get")
assert [entry["resource"]["meta"]["versionId"] for entry in history["entry"]] == ["5", "4", "3", "2", "1"]
everything = made.execute("$everything", method="get")
assert len(everything["entry"]) == 8
assert patient("x").is_valid()
wrong = client.resource("Patient", gender="nobody knows", active="yes")
assert not wrong.is_valid()

one.delete()
try:
    patients.get(one.id)
    raise AssertionError("a deleted patient is there")
except ResourceNotFound:
    pass
deleted, status = client.resources("Observation").search(subject=f"Patient/{made.id}", value_quantity="60||kg").delete()
assert status == 204 or status == 200, (deleted, status)
print("well")
