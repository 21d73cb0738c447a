//! A service in memory for the adapters' tests: enough of FHIR to tell right headers from wrong ones.

use crate::{
    bounds::Bounds,
    budget::Budget,
    service::{
        AdminService, Answers, BackupService, FhirService, RoutingService, TenancyService, Tenant,
        TenantService, calls,
    },
    session::Context,
};
use bytes::Bytes;
use futures::{StreamExt, future::BoxFuture, stream, stream::BoxStream};
use parking_lot::Mutex;
use proto::{Code, Error, TenantId, TenantName, api::v1::*};
use std::collections::BTreeMap;

/// 2026-11-21T01:35:32.500Z
pub const CLOCK_MS: u64 = 1_795_224_932_500;

type Key = (String, String);

#[derive(Default)]
pub struct Mock {
    /// All versions; an empty body is a delete.
    versions: Mutex<BTreeMap<Key, Vec<Bytes>>>,
    /// The last context seen.
    pub seen: Mutex<Option<Context>>,
    /// The last patch seen.
    pub patch: Mutex<Option<PatchRequest>>,
    /// The last idempotency key seen.
    pub idempotency_key: Mutex<String>,
    /// The last message, as its `Debug` shows it: every field.
    pub heard: Mutex<String>,
}

impl Mock {
    fn saw(&self, context: &Context, idempotency_key: &str) {
        // Kept for the test to see, not for the request.
        *self.seen.lock() = Some(Context { share: Default::default(), ..context.clone() });
        *self.idempotency_key.lock() = idempotency_key.to_owned();
    }

    fn hear(&self, message: &impl std::fmt::Debug) {
        *self.heard.lock() = format!("{message:?}");
    }

    fn write(&self, resource_type: String, id: String, body: Bytes) -> WriteResponse {
        let mut versions = self.versions.lock();
        let versions = versions.entry((resource_type.clone(), id.clone())).or_default();
        let unchanged = versions.last() == Some(&body);
        let outcome = match (versions.last(), body.is_empty()) {
            _ if unchanged => Outcome::Unchanged,
            (_, true) => Outcome::Deleted,
            (Some(last), false) if !last.is_empty() => Outcome::Updated,
            _ => Outcome::Created,
        };
        if !unchanged {
            versions.push(body.clone());
        }
        WriteResponse {
            outcome: outcome as i32,
            resource_type,
            id,
            version_id: versions.len().to_string(),
            last_updated_ms: CLOCK_MS,
            body,
            count: 0,
        }
    }

    fn at(&self, resource_type: String, id: String, version: Option<usize>) -> Result<ReadResponse, Error> {
        let versions = self.versions.lock();
        let missing = || Error::new(Code::NotFound, format!("{resource_type}/{id} is not known"));
        let all = versions.get(&(resource_type.clone(), id.clone())).ok_or_else(missing)?;
        let version = version.unwrap_or(all.len());
        let body = version.checked_sub(1).and_then(|place| all.get(place)).ok_or_else(missing)?.clone();
        if body.is_empty() {
            return Err(Error::new(Code::Gone, format!("{resource_type}/{id} is deleted")));
        }
        Ok(ReadResponse {
            resource_type,
            id,
            version_id: version.to_string(),
            last_updated_ms: CLOCK_MS,
            body,
        })
    }

    fn entries(&self, request: &SearchRequest) -> Vec<SearchEntry> {
        let versions = self.versions.lock();
        let current = versions
            .iter()
            .filter(|((kind, _), _)| request.resource_type.is_empty() || *kind == request.resource_type);
        current
            .filter_map(|((kind, id), all)| {
                Some((kind, id, all.len(), all.last().filter(|body| !body.is_empty())?))
            })
            .map(|(kind, id, version, body)| SearchEntry {
                resource_type: kind.clone(),
                id: id.clone(),
                version_id: version.to_string(),
                last_updated_ms: CLOCK_MS,
                body: body.clone(),
                mode: SearchMode::Match as i32,
                ..SearchEntry::default()
            })
            .collect()
    }
}

/// The calls that tests of the adapters ask for.
impl Mock {
    async fn create(&self, context: &Context, request: CreateRequest) -> Result<WriteResponse, Error> {
        self.hear(&request);
        self.saw(context, &request.idempotency_key);
        match &request.body[..] {
            b"panic" => panic!("asked to"),
            b"hang" => std::future::pending().await,
            b"" => return Err(Error::new(Code::Malformed, "the body is empty")),
            b"{}" => return Err(Error::new(Code::Invalid, "no name").at("Patient.name")),
            _ => {}
        }
        if !request.if_none_exist.is_empty() {
            let found = self.at(request.resource_type.clone(), "a".to_owned(), None)?;
            return Ok(self.write(found.resource_type, found.id, found.body));
        }
        Ok(self.write(request.resource_type, "new".to_owned(), request.body))
    }

    async fn read(&self, context: &Context, request: ReadRequest) -> Result<ReadResponse, Error> {
        self.hear(&request);
        self.saw(context, "");
        self.at(request.resource_type, request.id, None)
    }

    async fn vread(&self, _: &Context, request: VReadRequest) -> Result<ReadResponse, Error> {
        self.hear(&request);
        self.at(request.resource_type, request.id, Some(request.version_id.parse().unwrap_or(0)))
    }

    async fn update(&self, context: &Context, request: UpdateRequest) -> Result<WriteResponse, Error> {
        self.hear(&request);
        self.saw(context, &request.idempotency_key);
        let current = self.at(request.resource_type.clone(), request.id.clone(), None).ok();
        let current = current.map(|current| current.version_id).unwrap_or_default();
        // As the service does, it takes a tag in whatever spelling.
        let expected = request.if_match.trim_start_matches("W/").trim_matches('"');
        if !expected.is_empty() && expected != current {
            return Err(Error::new(Code::VersionConflict, format!("the current version is {current}")));
        }
        if request.if_none_match == "*" && !current.is_empty() {
            return Err(Error::new(Code::PreconditionFailed, "it exists"));
        }
        Ok(self.write(request.resource_type, request.id, request.body))
    }

    async fn patch(&self, context: &Context, request: PatchRequest) -> Result<WriteResponse, Error> {
        self.hear(&request);
        self.saw(context, &request.idempotency_key);
        *self.patch.lock() = Some(request.clone());
        Ok(self.write(request.resource_type, request.id, request.body))
    }

    async fn delete(&self, context: &Context, request: DeleteRequest) -> Result<WriteResponse, Error> {
        self.hear(&request);
        self.saw(context, &request.idempotency_key);
        Ok(self.write(request.resource_type, request.id, Bytes::new()))
    }

    async fn history(&self, _: &Context, request: HistoryRequest) -> Result<HistoryResponse, Error> {
        self.hear(&request);
        let versions = self.versions.lock();
        let all =
            versions.get(&(request.resource_type.clone(), request.id.clone())).cloned().unwrap_or_default();
        let entry = |(place, body): (usize, &Bytes)| HistoryEntry {
            resource_type: request.resource_type.clone(),
            id: request.id.clone(),
            version_id: (place + 1).to_string(),
            last_updated_ms: CLOCK_MS,
            outcome: match (place, body.is_empty()) {
                (_, true) => Outcome::Deleted as i32,
                (0, _) => Outcome::Created as i32,
                _ => Outcome::Updated as i32,
            },
            body: body.clone(),
        };
        let total = Some(all.len() as u64);
        Ok(HistoryResponse {
            entries: all.iter().enumerate().rev().map(entry).collect(),
            next_cursor: "h 1".to_owned(),
            total,
        })
    }

    async fn transaction(
        &self,
        _: &Context,
        request: TransactionRequest,
    ) -> Result<TransactionResponse, Error> {
        self.hear(&request);
        Ok(TransactionResponse { bundle: request.bundle })
    }

    async fn search(&self, context: &Context, request: SearchRequest) -> Result<SearchResponse, Error> {
        self.hear(&request);
        self.saw(context, "");
        let bogus = request.parameters.iter().any(|parameter| parameter.name == "bogus");
        if bogus && request.strict {
            return Err(Error::new(Code::BadParameter, "bogus is no parameter"));
        }
        let entries = self.entries(&request);
        let from: usize = request.cursor.parse().unwrap_or(0);
        let next_cursor = if from + 1 < entries.len() { (from + 1).to_string() } else { String::new() };
        let issue = Issue {
            severity: "warning".to_owned(),
            code: "not-supported".to_owned(),
            diagnostics: format!(
                "bogus was ignored in {}/{}",
                request.compartment_type, request.compartment_id
            ),
            expression: Vec::new(),
        };
        Ok(SearchResponse {
            total: Some(entries.len() as u64),
            entries: entries.into_iter().skip(from).take(1).collect(),
            next_cursor,
            previous_cursor: String::new(),
            used: request.parameters.into_iter().filter(|parameter| parameter.name != "bogus").collect(),
            issues: bogus.then_some(issue).into_iter().collect(),
        })
    }

    /// Answers what was asked, as Parameters.
    async fn operation(
        &self,
        context: &Context,
        request: OperationRequest,
    ) -> Result<OperationResponse, Error> {
        self.hear(&request);
        self.saw(context, "");
        if request.read_only && request.name == "change" {
            return Err(Error::new(Code::MethodNotAllowed, "$change changes"));
        }
        let OperationRequest { name, resource_type, id, version_id, parameters, body, .. } = request;
        let parameters: Vec<_> =
            parameters.iter().map(|pair| format!("{}={}", pair.name, pair.value)).collect();
        let asked = [&name, &resource_type, &id, &version_id, &parameters.join("&")];
        let echo = serde_json::json!({
            "resourceType": "Parameters", "asked": asked, "body": String::from_utf8_lossy(&body),
        });
        Ok(OperationResponse { body: echo.to_string().into(), affects_state: false })
    }

    async fn capabilities(&self, _: &Context, _: CapabilitiesRequest) -> Result<CapabilitiesResponse, Error> {
        Ok(CapabilitiesResponse { body: Bytes::from_static(br#"{"resourceType":"CapabilityStatement"}"#) })
    }
}

/// Who answers which call. One that no test asks for needs no line here: its answer is empty.
macro_rules! answer {
    (create, $($given:expr),*) => { Mock::create($($given),*).await };
    (read, $($given:expr),*) => { Mock::read($($given),*).await };
    (vread, $($given:expr),*) => { Mock::vread($($given),*).await };
    (update, $($given:expr),*) => { Mock::update($($given),*).await };
    (patch, $($given:expr),*) => { Mock::patch($($given),*).await };
    (delete, $($given:expr),*) => { Mock::delete($($given),*).await };
    (history, $($given:expr),*) => { Mock::history($($given),*).await };
    (transaction, $($given:expr),*) => { Mock::transaction($($given),*).await };
    (search, $($given:expr),*) => { Mock::search($($given),*).await };
    (operation, $($given:expr),*) => { Mock::operation($($given),*).await };
    (capabilities, $($given:expr),*) => { Mock::capabilities($($given),*).await };
    ($other:ident, $mock:expr, $context:expr, $request:expr) => {{
        $mock.saw($context, "");
        $mock.hear(&$request);
        Ok(Default::default())
    }};
}

macro_rules! doubled {
    ($(
        $(#[$about:meta])*
        $call:ident($request:ident) -> $response:ident:
            rpc $rpc:ident, shown $name:ident $label:literal, by $room:ident::$run:ident, about |$named:pat_param| $id:expr, weighs |$of:pat_param| $weight:expr;
    )*) => {
        impl FhirService for Mock {
            $(async fn $call(&self, context: &Context, request: $request) -> Result<$response, Error> {
                answer!($call, self, context, request)
            })*

            async fn search_stream(
                &self,
                _: &Context,
                request: SearchRequest,
            ) -> Result<BoxStream<'static, Result<SearchEntry, Error>>, Error> {
                self.hear(&request);
                Ok(stream::iter(self.entries(&request)).map(Ok).boxed())
            }
        }
    };
}

calls!(doubled);

/// Both adapters over a [`Mock`], on free ports of the loopback.
pub struct Running {
    pub rest: String,
    pub grpc: String,
    pub mock: std::sync::Arc<Mock>,
    pub bounds: std::sync::Arc<Bounds>,
    pub readiness: tokio::sync::watch::Sender<crate::observe::Readiness>,
    pub stopper: crate::stop::Stopper,
    pub served: tokio::task::JoinHandle<Result<(), super::Error>>,
}

impl Running {
    pub async fn start() -> Running {
        Running::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut crate::config::Config)) -> Running {
        let mut config = crate::config::Config::default();
        config.rest.listen = "127.0.0.1:0".to_owned();
        config.grpc.listen = "127.0.0.1:0".to_owned();
        change(&mut config);
        let config = Budget { total: 1 << 30, origin: "a test" }.fill(config);
        let server = super::Server::bind(&config, None).await.unwrap();
        let (rest, grpc) = (server.rest_address(), server.grpc_address());
        let mock = std::sync::Arc::new(Mock::default());
        let (readiness, receiver) = tokio::sync::watch::channel(crate::observe::Readiness::ready());
        let (stopper, stop) = crate::stop::channel();
        let (service, bounds) = (mock.clone(), Bounds::of(&config));
        let within = bounds.clone();
        let served = tokio::spawn(async move {
            server.serve(&config, service.clone(), service, within, receiver, stop).await
        });
        Running {
            rest: format!("http://{rest}"),
            grpc: format!("http://{grpc}"),
            mock,
            bounds,
            readiness,
            stopper,
            served,
        }
    }
}

/// One of two nodes of cluster 7; the other leads what belongs to the Patient `elsewhere`.
/// There is one beside the default one.
impl TenantService for Mock {
    async fn tenant(&self, name: &TenantName) -> Result<Tenant, Error> {
        match name.as_str() {
            "clinic" => Ok(Tenant { id: TenantId(2), base: Some("https://a.example/t/clinic/fhir".into()) }),
            other => Err(Error::new(Code::NotFound, format!("there is no tenant {other:?}"))),
        }
    }
}

impl RoutingService for Mock {
    fn map(&self, request: MapRequest) -> MapResponse {
        MapResponse {
            version: request.version + 1,
            cluster: self.cluster(),
            seen_by: 1,
            ..Default::default()
        }
    }

    fn led_elsewhere(&self, _: &Context, resource_type: &str, id: &str) -> Option<u64> {
        (resource_type == "Patient" && id == "elsewhere").then_some(2)
    }

    fn cluster(&self) -> u64 {
        7
    }
}

macro_rules! refused {
    ($service:ident: $($call:ident($request:ident) -> $response:ident;)*) => {
        impl $service for Mock {
            $(fn $call(&self, _: $request) -> BoxFuture<'_, Result<$response, Error>> {
                Box::pin(async { Err(Error::new(Code::NotSupported, "not here")) })
            })*
        }
    };
}

refused! { TenancyService:
    create_tenant(CreateTenantRequest) -> CreateTenantResponse;
    list_tenants(ListTenantsRequest) -> ListTenantsResponse;
    delete_tenant(DeleteTenantRequest) -> DeleteTenantResponse;
}

refused! { AdminService:
    status(StatusRequest) -> StatusResponse;
    join(JoinRequest) -> JoinResponse;
    drain(DrainRequest) -> DrainResponse;
    remove(RemoveRequest) -> RemoveResponse;
    transfer_leader(TransferLeaderRequest) -> TransferLeaderResponse;
}

impl BackupService for Mock {
    fn backup_state(&self, _: BackupStateRequest) -> BoxFuture<'_, Result<BackupStateResponse, Error>> {
        Box::pin(async { Err(Error::new(Code::NotSupported, "not here")) })
    }

    fn backup_rows(&self, _: BackupRowsRequest) -> BoxFuture<'_, Result<Answers<BackupRowsResponse>, Error>> {
        Box::pin(async { Err(Error::new(Code::NotSupported, "not here")) })
    }

    fn backup_log(&self, _: BackupLogRequest) -> BoxFuture<'_, Result<Answers<BackupLogResponse>, Error>> {
        Box::pin(async { Err(Error::new(Code::NotSupported, "not here")) })
    }
}
