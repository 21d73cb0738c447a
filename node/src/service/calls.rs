//! The table of calls: what the API has with one request and one answer. The trait, what stands around it, the adapters and the
//! labels of the metrics are made of it, so that a new call is a line here, its message in `proto` and its file.

/// Hands the table to the macro `$made`. A line: the call and its messages; its name in the gRPC service; its name and label in
/// the metrics; who carries it out; type and id of the resource it is about; what it takes
/// in memory besides its body, in bytes.
macro_rules! calls {
    ($made:ident) => {
        $made! {
            /// <https://hl7.org/fhir/R4/http.html#create>
            create(CreateRequest) -> WriteResponse:
                rpc create, shown Create "create", by interaction::create,
                about |_| None, weighs |request| weight::of_write(&request.body);
            /// <https://hl7.org/fhir/R4/http.html#read>: `Gone` for a deleted resource, `NotFound` for one that never was.
            read(ReadRequest) -> ReadResponse:
                rpc read, shown Read "read", by interaction::read,
                about |request| Some((&request.resource_type, &request.id)), weighs |_| 0;
            /// <https://hl7.org/fhir/R4/http.html#vread>
            vread(VReadRequest) -> ReadResponse:
                rpc v_read, shown VRead "vread", by interaction::vread,
                about |request| Some((&request.resource_type, &request.id)), weighs |_| 0;
            /// <https://hl7.org/fhir/R4/http.html#update>, with create on a new id
            update(UpdateRequest) -> WriteResponse:
                rpc update, shown Update "update", by interaction::update,
                about |request| Some((&request.resource_type, &request.id)), weighs |request| weight::of_write(&request.body);
            /// <https://hl7.org/fhir/R4/http.html#patch>, of the resource with that id or of the one that matches the criteria
            patch(PatchRequest) -> WriteResponse:
                rpc patch, shown Patch "patch", by interaction::patch,
                about |request| Some((&request.resource_type, &request.id)), weighs |request| weight::of_write(&request.body);
            /// <https://hl7.org/fhir/R4/http.html#delete>: deleting what is not there is no error
            delete(DeleteRequest) -> WriteResponse:
                rpc delete, shown Delete "delete", by interaction::delete,
                about |request| Some((&request.resource_type, &request.id)), weighs |_| 0;
            /// <https://hl7.org/fhir/R4/http.html#history>
            history(HistoryRequest) -> HistoryResponse:
                rpc history, shown History "history", by interaction::history,
                about |request| Some((&request.resource_type, &request.id)), weighs |_| 0;
            /// <https://hl7.org/fhir/R4/http.html#transaction>: batch and transaction
            transaction(TransactionRequest) -> TransactionResponse:
                rpc transaction, shown Transaction "transaction", by transaction::run,
                about |_| None, weighs |request| weight::of_bundle(&request.bundle);
            /// <https://hl7.org/fhir/R4/http.html#search>, one page
            search(SearchRequest) -> SearchResponse:
                rpc search, shown Search "search", by interaction::search,
                about |_| None, weighs |_| 0;
            /// <https://hl7.org/fhir/R4/operations.html>: `UnknownType` for a name nobody knows, `BadRequest` where the operation
            /// is not offered there.
            operation(OperationRequest) -> OperationResponse:
                rpc operation, shown Operation "operation", by operation::run,
                about |request| Some((&request.resource_type, &request.id)), weighs |request| weight::of_input(&request.body);
            /// <https://hl7.org/fhir/R4/http.html#capabilities>
            capabilities(CapabilitiesRequest) -> CapabilitiesResponse:
                rpc capabilities, shown Capabilities "capabilities", by capabilities::run,
                about |_| None, weighs |_| 0;
        }
    };
}

pub(crate) use calls;
