//! `_include`: what the references of resources name. What is deleted, not there, or elsewhere is left out.

use super::{
    super::bodies::{Found, Show},
    ask::{Question, new_hits},
    canonical,
    known::{Known, Place},
};
use crate::{draft, interaction::several};
use fhir::{
    definitions::{ResourceType, SearchParameter},
    index::{Value, Values},
};
use proto::{Error, ResourceId};
use search::query::{Include, escape};
use std::collections::{BTreeMap, BTreeSet};

/// What the references of some resources name.
#[derive(Default)]
struct Wanted<'f> {
    places: BTreeSet<Place>,
    /// URLs and business versions, by the types that may have them.
    canonicals: BTreeMap<Vec<ResourceType>, BTreeSet<(&'f str, Option<&'f str>)>>,
}

/// What the resources `from` refer to by these includes, and is not on the page yet.
///
/// # Errors
/// `TooCostly` where that is more than may still come; those of reads and searches.
pub async fn targets(
    show: Show<'_>,
    includes: &[Include],
    from: &[Found],
    known: &mut Known,
) -> Result<Vec<Found>, Error> {
    let (mut wanted, custom) = (Wanted::default(), show.session.parameters());
    for found in from {
        let values = Values::trusted(&found.values);
        for include in includes.iter().filter(|include| !include.reverse) {
            for parameter in include.parameters(custom.as_deref(), found.resource_type) {
                values.of(parameter.id).for_each(|value| wanted.add(include, parameter, value));
            }
        }
    }
    let Wanted { mut places, canonicals } = wanted;
    places.retain(|place| !known.has(place));
    known.admit(places.len())?;
    let mut targets = by_place(show, places.into_iter().collect(), known).await?;
    for (types, named) in canonicals {
        targets.append(&mut by_canonical(show, &types, &named, known).await?);
    }
    Ok(targets)
}

impl<'f> Wanted<'f> {
    fn add(&mut self, include: &Include, parameter: &SearchParameter, value: Value<'f>) {
        match value {
            Value::Reference { type_code, id, version } => {
                let resource_type = ResourceType::from_code(type_code).filter(|t| include.is_to(*t));
                let id = ResourceId::parse(id).ok();
                // A version that is none of ours cannot be read.
                let number = version.map(draft::version_id);
                if let (Some(resource_type), Some(id), None | Some(Some(_))) = (resource_type, id, number) {
                    self.places.insert(Place { resource_type, id, version: number.flatten() });
                }
            }
            Value::ReferenceUrl { url, version, .. } => {
                let types: Vec<ResourceType> =
                    canonical::types(&parameter.targets).filter(|t| include.is_to(*t)).collect();
                if !types.is_empty() && !url.is_empty() {
                    self.canonicals.entry(types).or_default().insert((url, version));
                }
            }
            _ => {}
        }
    }
}

async fn by_place(show: Show<'_>, places: Vec<Place>, known: &mut Known) -> Result<Vec<Found>, Error> {
    let mut targets = Vec::with_capacity(places.len());
    let see = |place: &Place, row| {
        let found = show.row(row)?;
        if known.add(&found, place.version) {
            targets.push(found);
        }
        Ok(())
    };
    several::each(show.session, &places, see).await?;
    Ok(targets)
}

async fn by_canonical(
    show: Show<'_>,
    types: &[ResourceType],
    wanted: &BTreeSet<(&str, Option<&str>)>,
    known: &mut Known,
) -> Result<Vec<Found>, Error> {
    let urls: BTreeSet<&str> = wanted.iter().map(|(url, _)| *url).collect();
    let limits = &show.session.options().search_limits;
    let questions = Question::of(types, canonical::URL, urls.into_iter().map(escape), limits);
    let hits = new_hits(show, questions, known).await?;
    let mut targets = Show { indexed: true, ..show }.hits(&hits).await?;
    targets.retain(|found| {
        let values = Values::trusted(&found.values);
        let is_wanted = |url| {
            let versions = wanted.range((url, None)..).take_while(|(other, _)| *other == url);
            versions.into_iter().any(|(_, version)| canonical::is_meant(&values, *version))
        };
        canonical::urls(&values).any(is_wanted) && known.add(found, None)
    });
    Ok(targets)
}
