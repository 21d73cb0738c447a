//! Steps over gRPC: the call that does what the REST request asks for, and its answer in REST's shape.

mod shape;
mod target;

use super::{Got, Sent};
use client::{Client, Retry, api};
use target::Target;

pub(super) struct Grpc {
    client: Client,
}

impl Grpc {
    pub(super) fn new(endpoint: &str) -> anyhow::Result<Self> {
        // No retries: a retryable error is an answer too.
        Ok(Grpc { client: Client::connect(endpoint)?.with_retry(Retry::never()) })
    }

    pub(super) async fn send(&self, sent: &Sent) -> anyhow::Result<Got> {
        let (target, parameters) = target::of(sent)?;
        let answer = self.call(sent, target, parameters).await;
        answer.or_else(|error| shape::error(&error).ok_or_else(|| error.into()))
    }

    async fn call(
        &self,
        sent: &Sent,
        target: Target,
        mut parameters: target::Parameters,
    ) -> client::Result<Got> {
        let header = |name: &str| sent.headers.get(name).cloned().unwrap_or_default();
        let body = bytes::Bytes::from(sent.body.clone().unwrap_or_default());
        let client = match sent.headers.get(proto::metadata::TENANT) {
            Some(name) => &self.client.with_tenant(name)?,
            None => &self.client,
        };
        Ok(match target {
            Target::Create { resource_type } => {
                let if_none_exist = header("if-none-exist");
                let idempotency_key = header("idempotency-key");
                let request = api::CreateRequest { resource_type, body, if_none_exist, idempotency_key };
                shape::written(client.create(request).await?)
            }
            Target::Read { resource_type, id } => {
                let (summary, elements) = parameters.part();
                let request = api::ReadRequest { resource_type, id, summary, elements };
                shape::read(client.read_part(request).await?)
            }
            Target::VRead { resource_type, id, version } => {
                let (summary, elements) = parameters.part();
                let request = api::VReadRequest { resource_type, id, version_id: version, summary, elements };
                shape::read(client.vread_part(request).await?)
            }
            Target::Update { resource_type, id, criteria } => {
                let request = api::UpdateRequest {
                    resource_type,
                    id,
                    criteria,
                    body,
                    if_match: header("if-match"),
                    if_none_match: header("if-none-match"),
                    idempotency_key: header("idempotency-key"),
                };
                shape::written(client.update(request).await?)
            }
            Target::Patch { resource_type, id, criteria } => {
                let request = api::PatchRequest {
                    resource_type,
                    id,
                    criteria,
                    kind: target::patch_kind(&header("content-type")) as i32,
                    body,
                    if_match: header("if-match"),
                    idempotency_key: header("idempotency-key"),
                };
                shape::written(client.patch(request).await?)
            }
            Target::Delete { resource_type, id, criteria } => {
                let if_match = header("if-match");
                let idempotency_key = header("idempotency-key");
                let request = api::DeleteRequest { resource_type, id, criteria, if_match, idempotency_key };
                shape::written(client.delete(request).await?)
            }
            Target::History { resource_type, id } => {
                let request = parameters.history(resource_type, id);
                shape::history(client.history(request).await?, sent)
            }
            Target::Transaction => {
                let idempotency_key = header("idempotency-key");
                let mut request =
                    api::TransactionRequest { bundle: body, idempotency_key, ..Default::default() };
                request.set_entry_return(target::entry_return(&header("prefer")));
                shape::transaction(client.transaction(request).await?)
            }
            Target::Search { resource_type, compartment } => {
                let strict = header("prefer").contains("handling=strict");
                let request = parameters.search(resource_type, compartment, strict);
                shape::searchset(client.search(request).await?, sent)
            }
            Target::Operation(request) => {
                shape::json(200, client.operation(parameters.operation(request)).await?.body)
            }
            Target::Capabilities => {
                let (summary, elements) = parameters.part();
                let request = api::CapabilitiesRequest { summary, elements };
                shape::json(200, client.capabilities_part(request).await?.body)
            }
        })
    }
}
