"""A session over gRPC with nothing but grpcio and the server's reflection: no generated code, no .proto file."""

import json
import sys
import time

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

channel = grpc.insecure_channel(sys.argv[1].removeprefix("http://"))
database = ProtoReflectionDescriptorDatabase(channel)
pool = descriptor_pool.DescriptorPool(database)
services = database.get_services()
name = next(service for service in services if service.endswith(".Fhir"))
service = pool.FindServiceByName(name)


def call(method, **fields):
    found = service.methods_by_name[method]
    request = message_factory.GetMessageClass(found.input_type)(**fields)
    answer = message_factory.GetMessageClass(found.output_type)
    path = f"/{name}/{method}"
    if found.server_streaming:
        return list(channel.unary_stream(path, lambda m: m.SerializeToString(), answer.FromString)(request))
    return channel.unary_unary(path, lambda m: m.SerializeToString(), answer.FromString)(request)


def parameters(**named):
    made = message_factory.GetMessageClass(pool.FindMessageTypeByName("salamander.api.v1.SearchParameter"))
    return [made(name=name.replace("__", "-"), value=str(value)) for name, value in named.items()]


SYSTEM = "http://hospital.example/mrn"
number = f"grpc-{time.time_ns()}"
person = {"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": number}], "name": [{"family": "Chalmers"}]}


def body(resource):
    return json.dumps(resource).encode()


made = call("Create", resource_type="Patient", body=body(person), idempotency_key=number)
again = call("Create", resource_type="Patient", body=body(person), idempotency_key=number)
assert (made.id, made.version_id) == (again.id, "1"), again
found = call("Create", resource_type="Patient", body=body(person), if_none_exist=f"identifier={SYSTEM}|{number}")
assert found.id == made.id
stored = json.loads(call("Read", resource_type="Patient", id=made.id).body)
stored["gender"] = "other"
updated = call("Update", resource_type="Patient", id=made.id, body=body(stored), if_match='W/"1"')
assert updated.version_id == "2"
upserted = call("Update", resource_type="Patient", criteria=f"identifier={SYSTEM}|{number}", body=body({**person, "active": True}))
assert (upserted.id, upserted.version_id) == (made.id, "3")
kind = pool.FindEnumTypeByName("salamander.api.v1.PatchKind").values_by_name["PATCH_KIND_MERGE"].number
patched = call("Patch", resource_type="Patient", id=made.id, kind=kind, body=b'{"gender":"female"}')
assert json.loads(patched.body)["gender"] == "female"

for value in range(60, 67):
    weight = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": {"reference": f"Patient/{made.id}"},
        "valueQuantity": {"value": value, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
    }
    call("Create", resource_type="Observation", body=body(weight))
ids, cursor = [], ""
while True:
    page = call("Search", resource_type="Observation", parameters=parameters(subject=f"Patient/{made.id}", _count=3), cursor=cursor)
    ids += [entry.id for entry in page.entries]
    assert page.total == 7
    cursor = page.next_cursor
    if not cursor:
        break
assert len(ids) == 7 and len(set(ids)) == 7
streamed = call("SearchStream", resource_type="Observation", parameters=parameters(subject=f"Patient/{made.id}"))
assert {entry.id for entry in streamed} == set(ids)
heavy = call("Search", resource_type="Observation", compartment_type="Patient", compartment_id=made.id,
             parameters=parameters(value__quantity="gt63||kg"))
assert heavy.total == 3

bundle = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {"fullUrl": "urn:uuid:4d1b9a3e-7a0c-4a83-8fb6-6a7e3f1f0c11", "resource": {"resourceType": "Patient"},
         "request": {"method": "POST", "url": "Patient"}},
        {"resource": {**weight, "subject": {"reference": "urn:uuid:4d1b9a3e-7a0c-4a83-8fb6-6a7e3f1f0c11"}},
         "request": {"method": "POST", "url": "Observation"}},
    ],
}
answer = json.loads(call("Transaction", bundle=body(bundle)).bundle)
assert [entry["response"]["status"][:3] for entry in answer["entry"]] == ["201", "201"]
history = call("History", resource_type="Patient", id=made.id)
assert [entry.version_id for entry in history.entries] == ["4", "3", "2", "1"]
assert call("VRead", resource_type="Patient", id=made.id, version_id="1").version_id == "1"
everything = json.loads(call("Operation", name="everything", resource_type="Patient", id=made.id, read_only=True).body)
assert len(everything["entry"]) == 8
assert json.loads(call("Capabilities").body)["fhirVersion"] == "4.0.1"

call("Delete", resource_type="Patient", id=json.loads(call("Create", resource_type="Patient", body=body({**person, "id": "x"})).body)["id"])
for method, fields, status in [
    ("Read", {"resource_type": "Patient", "id": "nobody"}, grpc.StatusCode.NOT_FOUND),
    ("Update", {"resource_type": "Patient", "id": made.id, "body": body(stored), "if_match": 'W/"1"'}, grpc.StatusCode.FAILED_PRECONDITION),
    ("Create", {"resource_type": "Patient", "body": b"{"}, grpc.StatusCode.INVALID_ARGUMENT),
]:
    try:
        call(method, **fields)
        raise AssertionError(f"{method} {fields} is answered")
    except grpc.RpcError as error:
        assert error.code() == status, (method, error.code(), error.details())
print("well")
