//! What options mean, beyond what their kinds say: a node that starts does what its operator wrote.

use super::{Config, Error, range::Bounded};
use http::Uri;
use std::{net::SocketAddr, path::Path};
use tracing_subscriber::EnvFilter;

/// # Errors
/// The first option whose value cannot be meant: its name, its value, and what is allowed.
pub(super) fn check(config: &Config) -> Result<(), Error> {
    numbers(config)?;
    writer_bytes(config)?;
    orders(config)?;
    words(config)?;
    addresses(config)?;
    tls(&config.tls)?;
    bases(config)?;
    config.rest.cors_origins.0.iter().try_for_each(|origin| cors_origin(origin))?;
    level(&config.logging.level)?;
    if config.node.data.as_os_str().is_empty() {
        return Err(refused("node.data", "", "a folder"));
    }
    Ok(())
}

fn refused(key: &str, value: &str, allowed: impl Into<String>) -> Error {
    Error::Refused { key: key.to_owned(), value: value.to_owned(), allowed: allowed.into() }
}

fn numbers(config: &Config) -> Result<(), Error> {
    for (section, bounded) in config.bounded() {
        if let Some(Bounded { name, value, allowed, .. }) = bounded.into_iter().find(|option| !option.fits) {
            return Err(refused(&format!("{section}.{name}"), &value, allowed));
        }
    }
    Ok(())
}

/// The index library's own least; 0 is what the budget of memory gives.
fn writer_bytes(config: &Config) -> Result<(), Error> {
    const ALLOWED: std::ops::RangeInclusive<usize> = 15_000_000..=4 << 30;
    let bytes = config.search.writer_bytes;
    match bytes == 0 || ALLOWED.contains(&bytes) {
        true => Ok(()),
        false => {
            let allowed = format!("0, or {} to {}", ALLOWED.start(), ALLOWED.end());
            Err(refused("search.writer_bytes", &bytes.to_string(), allowed))
        }
    }
}

/// Pairs of which the first must not be above the second.
fn orders(config: &Config) -> Result<(), Error> {
    let Config { limits, storage, log, raft, search, .. } = config;
    let below_queue = raft.proposals_max as u64 + 1;
    let pairs = [
        (
            "limits.search_page_default",
            limits.search_page_default as u64,
            "limits.search_page_max",
            limits.search_page_max as u64,
        ),
        (
            "limits.search_value_bytes_max",
            limits.search_value_bytes_max as u64,
            "limits.search_bytes_max",
            limits.search_bytes_max as u64,
        ),
        (
            "storage.memtable_bytes",
            storage.memtable_bytes as u64,
            "storage.memtables_bytes",
            storage.memtables_bytes as u64,
        ),
        ("log.group_bytes", log.group_bytes, "log.total_bytes", log.total_bytes),
        ("raft.proposals_max plus one", below_queue, "log.queue_max", log.queue_max as u64),
        (
            "search.seal_documents",
            search.seal_documents as u64,
            "search.tail_documents_max",
            search.tail_documents_max as u64,
        ),
    ];
    // 0 is what the budget of memory gives.
    match pairs.iter().find(|(_, low, _, high)| *high > 0 && low > high) {
        Some((low_key, low, high_key, high)) => {
            Err(refused(low_key, &low.to_string(), format!("at most {high_key}, which is {high}")))
        }
        None => Ok(()),
    }
}

fn words(config: &Config) -> Result<(), Error> {
    let options: [(&str, &str, &[&str]); 5] = [
        ("node.on_failure", &config.node.on_failure, &["exit", "stay"]),
        ("validation.level", &config.validation.level, &["off", "structure", "full"]),
        ("raft.read_proof", &config.raft.read_proof, &["lease", "quorum"]),
        ("search.full_text", &config.search.full_text, &["off", "narrative", "all"]),
        ("logging.format", &config.logging.format, &["text", "json"]),
    ];
    for (key, value, words) in options {
        if !words.contains(&value) {
            return Err(refused(key, value, words.join(", ")));
        }
    }
    Ok(())
}

fn addresses(config: &Config) -> Result<(), Error> {
    let (rest, grpc) = (&config.rest.listen, &config.grpc.listen);
    let cluster = &config.cluster;
    let optional = [
        ("grpc.address", &config.grpc.address),
        ("cluster.address", &cluster.address),
        ("cluster.join", &cluster.join),
    ];
    let given = optional.into_iter().filter(|(_, address)| !address.is_empty());
    let all = [("rest.listen", rest), ("grpc.listen", grpc), ("cluster.listen", &cluster.listen)];
    for (key, address) in all.into_iter().chain(given) {
        if !is_address(address) {
            let allowed = "host:port, such as 127.0.0.1:8080, [::]:8080 or localhost:8080";
            return Err(refused(key, address, allowed));
        }
    }
    match rest == grpc && !rest.ends_with(":0") {
        true => Err(refused("grpc.listen", grpc, "another address than rest.listen's")),
        false => Ok(()),
    }
}

/// Which files need which others; what is in them is looked at by who reads them.
fn tls(tls: &super::Tls) -> Result<(), Error> {
    let is_set = |path: &Path| !path.as_os_str().is_empty();
    let needs = [
        ("tls.cert", &tls.cert, "tls.key", &tls.key),
        ("tls.key", &tls.key, "tls.cert", &tls.cert),
        ("tls.client_roots", &tls.client_roots, "tls.cert", &tls.cert),
        ("tls.peer_roots", &tls.peer_roots, "tls.cert", &tls.cert),
    ];
    for (key, path, other, needed) in needs {
        if is_set(path) && !is_set(needed) {
            return Err(refused(key, &path.display().to_string(), format!("only together with {other}")));
        }
    }
    let label = |label: &str| {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty() && label.len() < 64 && label.bytes().all(is_letter)
    };
    // A name of digits and dots would be an address.
    let is_name = tls.peer_name.split('.').all(label) && tls.peer_name.contains(|c: char| c.is_alphabetic());
    match is_name && tls.peer_name.len() < 254 {
        true => Ok(()),
        false => Err(refused("tls.peer_name", &tls.peer_name, "a DNS name, such as salamander-node")),
    }
}

/// An address, or a name to be looked up when it is bound.
fn is_address(text: &str) -> bool {
    let name = |(host, port): (&str, &str)| {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        !host.is_empty() && host.bytes().all(letters) && port.parse::<u16>().is_ok()
    };
    text.parse::<SocketAddr>().is_ok() || text.rsplit_once(':').is_some_and(name)
}

/// All that this server is known by.
fn bases(config: &Config) -> Result<(), Error> {
    base_url("rest.base_url", &config.rest.base_url)?;
    config.rest.further_base_urls.0.iter().try_for_each(|further| match further.is_empty() {
        true => Err(refused("rest.further_base_urls", further, "absolute URLs")),
        false => base_url("rest.further_base_urls", further),
    })
}

fn base_url(option: &'static str, text: &str) -> Result<(), Error> {
    let fits = |uri: Uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
            && uri.query().is_none()
            && !text.contains('#')
    };
    match text.is_empty() || text.parse().is_ok_and(fits) {
        true => Ok(()),
        false => Err(refused(
            option,
            text,
            "empty, or an absolute URL such as https://fhir.example.org/fhir, without query and fragment",
        )),
    }
}

/// As browsers write it: a page's address up to its path.
fn cors_origin(text: &str) -> Result<(), Error> {
    let is_origin = |uri: Uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
            && text.matches('/').count() == 2
    };
    match text == "*" || text.parse().is_ok_and(is_origin) {
        true => Ok(()),
        false => Err(refused(
            "rest.cors_origins",
            text,
            "'*', or origins such as https://app.example.org, without a slash at their end",
        )),
    }
}

/// A word alone would be read as the name of a module, and everything else be silent.
fn level(text: &str) -> Result<(), Error> {
    const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];
    let is_level = |word: &str| LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word.trim()));
    let understood = |directive: &str| is_level(directive) || directive.contains(['=', '[']);
    match text.split(',').all(understood) && EnvFilter::try_new(text).is_ok() {
        true => Ok(()),
        false => Err(refused(
            "logging.level",
            text,
            format!("{}, or a filter such as info,node=debug", LEVELS.join(", ")),
        )),
    }
}
