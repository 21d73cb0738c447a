"""A session of https://pypi.org/project/fhirclient, SMART on FHIR's."""

import os
import sys
import time

from fhirclient import client
from fhirclient.models import bundle, codeableconcept, coding, fhirdate, fhirdatetime, fhirreference, humanname, identifier
from fhirclient.models import observation, patient, quantity
from fhirclient.server import FHIRNotFoundException

SYSTEM = "http://hospital.example/mrn"
smart = client.FHIRClient(settings={"app_id": "salamander", "api_base": sys.argv[1]})
server = smart.server
number = f"{os.getpid()}-{time.time_ns()}"

person = patient.Patient()
person.identifier = [identifier.Identifier({"system": SYSTEM, "value": number})]
person.name = [humanname.HumanName({"family": "Chalmers", "given": ["Peter"]})]
person.gender = "male"
person.birthDate = fhirdate.FHIRDate("1974-12-25")
made = person.create(server)
person = patient.Patient.read(made["id"], server)
assert person.meta.versionId == "1"
person.active = True
person.update(server)
person = patient.Patient.read(person.id, server)
assert person.meta.versionId == "2" and person.active

for value in range(60, 67):
    weight = observation.Observation()
    weight.status = "final"
    weight.code = codeableconcept.CodeableConcept({"coding": [{"system": "http://loinc.org", "code": "29463-7"}]})
    weight.subject = fhirreference.FHIRReference({"reference": f"Patient/{person.id}"})
    weight.effectiveDateTime = fhirdatetime.FHIRDateTime("2026-11-29T08:00:00Z")
    weight.valueQuantity = quantity.Quantity({"value": value, "unit": "kg"})
    weight.create(server)
weights = observation.Observation.where({"subject": f"Patient/{person.id}", "_count": "3"})
assert len(list(weights.perform_resources_iter(server))) == 7
first = weights.perform(server)
assert first.total == 7 and len(first.entry) == 3
assert first.entry[0].resource.subject.resolved(patient.Patient).id == person.id
found = patient.Patient.where({"identifier": f"{SYSTEM}|{number}"}).perform_resources(server)
assert [one.id for one in found] == [person.id]

# An upsert, a conditional create and a transaction, as the library sends them.
upserted = server.put_json(f"Patient?identifier={SYSTEM}|{number}", {**person.as_json(), "gender": "other"})
assert upserted.json()["id"] == person.id
transaction = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {"request": {"method": "POST", "url": "Patient", "ifNoneExist": f"identifier={SYSTEM}|{number}"},
         "resource": {"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": number}]}},
        {"request": {"method": "PATCH", "url": f"Patient/{person.id}"},
         "resource": {"resourceType": "Binary", "contentType": "application/json-patch+json",
                      "data": "W3sib3AiOiJyZXBsYWNlIiwicGF0aCI6Ii9nZW5kZXIiLCJ2YWx1ZSI6ImZlbWFsZSJ9XQ=="}},
    ],
}
answers = bundle.Bundle(server.post_json("", transaction).json())
assert [entry.response.status[:3] for entry in answers.entry] == ["200", "200"], [e.response.status for e in answers.entry]
assert patient.Patient.read(person.id, server).gender == "female"
history = bundle.Bundle(server.request_json(f"Patient/{person.id}/_history"))
assert [entry.resource.meta.versionId for entry in history.entry] == ["4", "3", "2", "1"]
everything = bundle.Bundle(server.request_json(f"Patient/{person.id}/$everything"))
assert len(everything.entry) == 8
first.entry[0].resource.delete()
try:
    server.request_json("Patient/nobody")
    raise AssertionError("nobody is there")
except FHIRNotFoundException:
    pass
print("well")
