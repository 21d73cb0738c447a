//! https://hl7.org/fhir/R4/search.html#uri: exact and case-sensitive; `:below` and `:above` go by the path of a URL.

use super::super::expr::{Expr, Leaf};
use super::super::problem::Problem;
use super::super::value::unescape;
use fhir::definitions::ParamId;

/// Longest URL that `:above` takes: it stands for each start of it.
const ABOVE_BYTES_MAX: usize = 1024;

/// Longest start that `:below` takes: of longer values the index keeps as much as that and a hash.
const BELOW_BYTES_MAX: usize = 256;

pub(super) fn compile(param: ParamId, modifier: Option<&str>, part: &str) -> Result<Expr, Problem> {
    let uri = unescape(part);
    if modifier.is_some() && uri.starts_with("urn:") {
        return Err(Problem::unusable("a URN has no path: ':below' and ':above' are for URLs"));
    }
    match modifier {
        Some("below") if uri.len() > BELOW_BYTES_MAX => {
            Err(Problem::unusable(format!("':below' takes at most {BELOW_BYTES_MAX} bytes")))
        }
        Some("below") => Ok(Expr::Leaf(Leaf::UriBelow(param, uri))),
        Some("above") if uri.len() > ABOVE_BYTES_MAX => {
            Err(Problem::unusable(format!("':above' takes at most {ABOVE_BYTES_MAX} bytes")))
        }
        Some("above") => Ok(Expr::or(above(&uri).map(|uri| Expr::Leaf(Leaf::Uri(param, uri))).collect())),
        _ => Ok(Expr::Leaf(Leaf::Uri(param, uri))),
    }
}

/// The URL and those that name the start of its path, with and without the last slash; never less than the host.
fn above(url: &str) -> impl Iterator<Item = String> {
    let path = url.find("://").map_or(0, |at| at + 3);
    let slashes = url.match_indices('/').map(|(at, _)| at).filter(move |at| *at >= path);
    let starts = slashes.flat_map(|at| [at, at + 1]).filter(|end| *end < url.len());
    starts.chain([url.len()]).map(|end| url[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::above;

    #[test]
    fn starts_of_a_url() {
        let all: Vec<_> = above("http://a.org/x/y").collect();
        assert_eq!(
            all,
            ["http://a.org", "http://a.org/", "http://a.org/x", "http://a.org/x/", "http://a.org/x/y"]
        );
        assert_eq!(above("http://a.org/").collect::<Vec<_>>(), ["http://a.org", "http://a.org/"]);
    }
}
