//! One method per RPC.

use crate::{Client, Result, Writer, api, attempt::How, key};

/// A call with retries: every attempt gets its own clone of the request (bodies are shared, not copied).
macro_rules! call {
    ($self:ident, $rpc:ident, $request:ident, $how:expr) => {
        $self.call($how, $request, |mut stub, request| async move { stub.$rpc(request).await }).await
    };
}

/// A call that only reads; of which resource, comes last.
macro_rules! read {
    ($self:ident, $rpc:ident = $method:literal, $request:ident, $resource_type:expr, $id:expr) => {{
        let slot = $self.slot($resource_type, $id);
        call!($self, $rpc, $request, How::read($method).at(slot))
    }};
}

/// A write, under a key unless the handle goes without.
macro_rules! write {
    ($self:ident, $rpc:ident = $method:literal, $request:ident, $resource_type:expr, $id:expr) => {{
        if !$self.carried.without_keys {
            key::fill(&mut $request.idempotency_key);
        }
        let keyed = !$request.idempotency_key.is_empty();
        let slot = $self.slot($resource_type, $id);
        call!($self, $rpc, $request, How::write($method, keyed).at(slot))
    }};
}

impl Client {
    /// Creates a resource under a server-assigned id. https://hl7.org/fhir/R4/http.html#create
    pub async fn create(&self, mut request: api::CreateRequest) -> Result<api::WriteResponse> {
        write!(self, create = "Create", request, "", "")
    }

    /// Reads the current version. https://hl7.org/fhir/R4/http.html#read
    pub async fn read(&self, resource_type: &str, id: &str) -> Result<api::ReadResponse> {
        let request = api::ReadRequest {
            resource_type: resource_type.to_owned(),
            id: id.to_owned(),
            ..Default::default()
        };
        self.read_part(request).await
    }

    /// Reads the current version, or the part of it that the request asks for. https://hl7.org/fhir/R4/search.html#summary
    pub async fn read_part(&self, request: api::ReadRequest) -> Result<api::ReadResponse> {
        read!(self, read = "Read", request, &request.resource_type, &request.id)
    }

    /// Reads one version. https://hl7.org/fhir/R4/http.html#vread
    pub async fn vread(&self, resource_type: &str, id: &str, version_id: &str) -> Result<api::ReadResponse> {
        let request = api::VReadRequest {
            resource_type: resource_type.to_owned(),
            id: id.to_owned(),
            version_id: version_id.to_owned(),
            ..Default::default()
        };
        self.vread_part(request).await
    }

    /// Reads one version, or the part of it that the request asks for. https://hl7.org/fhir/R4/search.html#summary
    pub async fn vread_part(&self, request: api::VReadRequest) -> Result<api::ReadResponse> {
        read!(self, v_read = "VRead", request, &request.resource_type, &request.id)
    }

    /// Updates, or creates under the given id. https://hl7.org/fhir/R4/http.html#update
    pub async fn update(&self, mut request: api::UpdateRequest) -> Result<api::WriteResponse> {
        write!(self, update = "Update", request, &request.resource_type, &request.id)
    }

    /// Patches the resource with that id, or the one that matches the criteria.
    /// https://hl7.org/fhir/R4/http.html#patch
    pub async fn patch(&self, mut request: api::PatchRequest) -> Result<api::WriteResponse> {
        write!(self, patch = "Patch", request, &request.resource_type, &request.id)
    }

    /// Deletes; the history stays. https://hl7.org/fhir/R4/http.html#delete
    pub async fn delete(&self, mut request: api::DeleteRequest) -> Result<api::WriteResponse> {
        write!(self, delete = "Delete", request, &request.resource_type, &request.id)
    }

    /// One page of the history of an instance, a type or everything, newest first.
    /// https://hl7.org/fhir/R4/http.html#history
    pub async fn history(&self, request: api::HistoryRequest) -> Result<api::HistoryResponse> {
        read!(self, history = "History", request, &request.resource_type, &request.id)
    }

    /// A batch or transaction bundle. https://hl7.org/fhir/R4/http.html#transaction
    pub async fn transaction(
        &self,
        mut request: api::TransactionRequest,
    ) -> Result<api::TransactionResponse> {
        write!(self, transaction = "Transaction", request, "", "")
    }

    /// One page of a search; see [`Client::search_pages`] and [`Client::search_stream`] for all of them.
    /// https://hl7.org/fhir/R4/http.html#search
    pub async fn search(&self, request: api::SearchRequest) -> Result<api::SearchResponse> {
        read!(self, search = "Search", request, &request.compartment_type, &request.compartment_id)
    }

    /// An operation; see [`Client::invoke`] and the calls beside it for the usual ones.
    /// https://hl7.org/fhir/R4/operations.html
    pub async fn operation(&self, request: api::OperationRequest) -> Result<api::OperationResponse> {
        // Operations have no keys; one that may change something is only sent again where it certainly did not.
        let how = match request.read_only {
            true => How::read("Operation"),
            false => How::write("Operation", false),
        };
        let slot = self.slot(&request.resource_type, &request.id);
        call!(self, operation, request, how.at(slot))
    }

    /// The CapabilityStatement. https://hl7.org/fhir/R4/http.html#capabilities
    pub async fn capabilities(&self) -> Result<api::CapabilitiesResponse> {
        self.capabilities_part(api::CapabilitiesRequest::default()).await
    }

    /// A part of the CapabilityStatement: its summary, or the elements named.
    pub async fn capabilities_part(
        &self,
        request: api::CapabilitiesRequest,
    ) -> Result<api::CapabilitiesResponse> {
        read!(self, capabilities = "Capabilities", request, "", "")
    }

    /// A stream for writes in bulk with at most `in_flight` (1 or more) unanswered ones; see [`Writer`].
    pub fn writer(&self, in_flight: usize) -> Writer {
        Writer::start(self.clone(), in_flight)
    }
}
