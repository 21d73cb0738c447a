//! Both wires around one service: bind, serve, stop gracefully. [`rest`] and [`grpc`] make messages and a context of what
//! comes, [`front`] admits and bounds what both ask, [`listener`] has the connections.

pub mod caller;
pub mod front;
mod grpc;
mod listener;
mod rest;
pub mod signals;

pub use front::Front;

use crate::{
    bounds::Bounds,
    config::Config,
    observe::{self, Readiness, Wire, health::Health},
    service::{AdminService, FhirService},
    stop::Stop,
    tls::{Door, Listener, Tls},
};
use listener::Policy;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::watch};

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{option} {address}: the address is taken by another process")]
    Taken { option: &'static str, address: String },
    #[error("{option} {address}: {source}")]
    Bind { option: &'static str, address: String, source: std::io::Error },
    #[error(
        "{option} {address} can be reached from other machines, and is without TLS: set {needed} (salamander certs makes certificates \
         for trials), or have it so by --insecure"
    )]
    Open { option: &'static str, address: String, needed: &'static str },
    #[error("gRPC reflection: {0}")]
    Reflection(String),
}

/// Both listeners, bound but not served yet: peers queue in the kernel meanwhile.
pub struct Server {
    rest: TcpListener,
    grpc: TcpListener,
    rest_address: SocketAddr,
    grpc_address: SocketAddr,
    tls: Option<Tls>,
}

impl Server {
    /// Binds `rest.listen` and `grpc.listen`; without TLS beyond loopback only where `tls.insecure` says so.
    ///
    /// # Errors
    /// [`Error::Taken`], [`Error::Bind`] and [`Error::Open`], naming option and address.
    pub async fn bind(config: &Config, tls: Option<Tls>) -> Result<Server, Error> {
        let (rest, rest_address) = listen("rest.listen", &config.rest.listen).await?;
        let (grpc, grpc_address) = listen("grpc.listen", &config.grpc.listen).await?;
        if tls.is_none() {
            let needed = "tls.cert and tls.key";
            may_be_plain("rest.listen", rest_address, config, needed)?;
            may_be_plain("grpc.listen", grpc_address, config, needed)?;
        }
        Ok(Server { rest, grpc, rest_address, grpc_address, tls })
    }

    /// Where REST listens.
    pub fn rest_address(&self) -> SocketAddr {
        self.rest_address
    }

    /// Where gRPC listens.
    pub fn grpc_address(&self) -> SocketAddr {
        self.grpc_address
    }

    /// The one line on stdout when the node is ready.
    pub fn ready_line(&self) -> String {
        let http = if self.tls.is_some() { "https" } else { "http" };
        format!(
            "salamander ready rest={http}://{}/fhir grpc={http}://{}",
            self.rest_address, self.grpc_address
        )
    }

    /// Serves `service` within `bounds` until `stop`, then takes no new connections and gives requests under way the grace period.
    ///
    /// # Errors
    /// Only before the first connection is taken.
    pub async fn serve<S: FhirService>(
        self,
        config: &Config,
        service: Arc<S>,
        admin: Arc<dyn AdminService>,
        bounds: Arc<Bounds>,
        readiness: watch::Receiver<Readiness>,
        stop: Stop,
    ) -> Result<(), Error> {
        observe::metrics::install();
        listener::describe();
        let front = |wire| Arc::new(Front::new(service.clone(), wire, &config.logging));
        let health = Health::new(readiness, stop.clone());
        let rest = rest::router(front(Wire::Rest), config, bounds.clone())
            .merge(observe::routes::router(health.clone()));
        let grpc = grpc::router(front(Wire::Grpc), admin, config, bounds, health, stop.clone())
            .map_err(Error::Reflection)?;
        tokio::join!(
            listener::serve(
                self.rest,
                listener::rest_builder(&config.rest),
                rest,
                Policy { door: door(&self.tls, Listener::Rest), ..policy(config) },
                stop.clone()
            ),
            listener::serve(
                self.grpc,
                listener::grpc_builder(&config.grpc),
                grpc,
                grpc_policy(config, door(&self.tls, Listener::Grpc)),
                stop.clone()
            ),
        );
        Ok(())
    }
}

/// The listener for other nodes, bound but not served yet.
pub struct Peering {
    listener: TcpListener,
    address: SocketAddr,
    door: Option<Door>,
}

impl Peering {
    /// Binds `cluster.listen`; where that leaves the port open, `last`, or another one if that is taken and the node `may_move`.
    ///
    /// # Errors
    /// As [`Server::bind`].
    pub async fn bind(
        config: &Config,
        tls: &Option<Tls>,
        last: Option<&str>,
        may_move: bool,
    ) -> Result<Peering, Error> {
        let wanted = config.cluster.listen.as_str();
        let again = last.filter(|_| wanted.ends_with(":0")).unwrap_or(wanted);
        let (listener, address) = match listen("cluster.listen", again).await {
            // Nobody knows the old one.
            Err(Error::Taken { .. }) if may_move && again != wanted => {
                listen("cluster.listen", wanted).await?
            }
            bound => bound?,
        };
        let door = door(tls, Listener::Peers);
        if door.is_none() {
            may_be_plain("cluster.listen", address, config, NEEDED_BY_NODES)?;
        }
        Ok(Peering { listener, address, door })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`.
    pub fn serve(
        self,
        config: &Config,
        router: axum::Router,
        stop: Stop,
    ) -> impl Future<Output = ()> + Send + use<> {
        let builder = listener::grpc_builder(&config.grpc);
        let connections_max = config.cluster.connections_max;
        let policy = Policy { listener: "peers", connections_max, ..grpc_policy(config, self.door) };
        listener::serve(self.listener, builder, router, policy, stop)
    }
}

/// What has nodes be told from strangers.
pub const NEEDED_BY_NODES: &str = "tls.peer_roots, with tls.cert and tls.key";

/// # Errors
/// [`Error::Open`], where other machines reach a listener without TLS, and nobody said that they may.
fn may_be_plain(
    option: &'static str,
    address: SocketAddr,
    config: &Config,
    needed: &'static str,
) -> Result<(), Error> {
    if address.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    if !config.tls.insecure {
        return Err(Error::Open { option, address: address.to_string(), needed });
    }
    tracing::warn!("{option} {address} is without TLS: whoever is on the way reads and changes everything");
    Ok(())
}

fn door(tls: &Option<Tls>, listener: Listener) -> Option<Door> {
    tls.as_ref()?.door(listener)
}

fn policy(config: &Config) -> Policy {
    Policy {
        door: None,
        listener: "rest",
        connections_max: config.rest.connections_max,
        first_request: Duration::from_millis(config.rest.header_timeout_ms),
        write_timeout: Duration::from_millis(config.rest.write_timeout_ms),
        http1: true,
        grace: Duration::from_millis(config.node.shutdown_grace_ms),
    }
}

fn grpc_policy(config: &Config, door: Option<Door>) -> Policy {
    Policy {
        door,
        listener: "grpc",
        connections_max: config.grpc.connections_max,
        http1: false,
        ..policy(config)
    }
}

async fn listen(option: &'static str, address: &str) -> Result<(TcpListener, SocketAddr), Error> {
    let failed = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::AddrInUse => Error::Taken { option, address: address.to_owned() },
        _ => Error::Bind { option, address: address.to_owned(), source },
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

#[cfg(test)]
mod leaving;
#[cfg(test)]
pub(crate) mod mock;
#[cfg(test)]
mod tests;
