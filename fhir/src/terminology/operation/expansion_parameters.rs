//! What an expansion depended on: `ValueSet.expansion.parameter`.

use super::expansion_options::Options;
use crate::conformance::Canonical;
use crate::json::write_string;
use crate::terminology::ValueSet;
use crate::terminology::supplements::Supplements;
use std::collections::BTreeSet;

/// A name, the name of the member with the value, and the value as text.
type Parameter = (&'static str, &'static str, String);

/// What an expansion depended on besides the wishes.
pub(super) struct Parameters<'v> {
    /// There may be more codes that are not known here.
    pub only_part: bool,
    pub supplements: &'v Supplements,
    pub value_set: &'v ValueSet,
}

impl Parameters<'_> {
    /// Writes the member `parameter`: the wishes that were obeyed, the versions and supplements that were used.
    pub fn write(&self, out: &mut Vec<u8>, options: &Options) {
        let mut parameters = wishes(options);
        if self.only_part {
            parameters.push(("limitedExpansion", "valueBoolean", "true".into()));
        }
        parameters.extend(self.used());
        for (at, (name, member, text)) in parameters.iter().enumerate() {
            out.extend_from_slice(if at == 0 { b",\"parameter\":[{\"name\":" } else { b",{\"name\":" });
            write_string(out, name);
            out.extend_from_slice(format!(",\"{member}\":").as_bytes());
            match *member {
                "valueBoolean" | "valueInteger" => out.extend_from_slice(text.as_bytes()),
                _ => write_string(out, text),
            }
            out.push(b'}');
        }
        if !parameters.is_empty() {
            out.push(b']');
        }
    }

    fn used(&self) -> Vec<Parameter> {
        let versions: BTreeSet<_> = self.value_set.systems().collect();
        let versions =
            versions.into_iter().filter_map(|(system, version)| Some(format!("{system}|{}", version?)));
        let supplements = self.supplements.canonicals();
        let versions = versions.map(|one| ("version", "valueUri", one));
        versions.chain(supplements.map(|one| ("useSupplement", "valueUri", one))).collect()
    }
}

fn wishes(options: &Options) -> Vec<Parameter> {
    let mut wishes: Vec<Parameter> = Vec::new();
    wishes.extend(options.filter.clone().map(|text| ("filter", "valueString", text)));
    wishes.extend(options.language.clone().map(|text| ("displayLanguage", "valueCode", text)));
    let numbers = [("offset", options.offset), ("count", options.count)];
    let numbers = numbers.into_iter().filter_map(|(name, number)| Some((name, number?)));
    wishes.extend(numbers.map(|(name, number)| (name, "valueInteger", number.to_string())));
    let flags = [
        ("includeDesignations", options.include_designations),
        ("includeDefinition", options.include_definition),
        ("activeOnly", options.active_only),
        ("excludeNested", options.exclude_nested),
        ("excludeNotForUI", options.exclude_abstract),
    ];
    let set = flags.into_iter().filter(|(_, flag)| *flag);
    wishes.extend(set.map(|(name, _)| (name, "valueBoolean", "true".into())));
    wishes.extend(options.designations.iter().map(|text| ("designation", "valueString", text.clone())));
    wishes.extend(options.properties.iter().map(|text| ("property", "valueString", text.clone())));
    let canonicals = [
        ("exclude-system", &options.excluded_systems),
        ("system-version", &options.versions.usual),
        ("check-system-version", &options.versions.checked),
        ("force-system-version", &options.versions.forced),
    ];
    for (name, all) in canonicals {
        wishes.extend(all.iter().map(|one| (name, "valueUri", written(one))));
    }
    wishes
}

/// `url` or `url|version`.
fn written(canonical: &Canonical) -> String {
    let Canonical { url, version } = canonical;
    version.as_ref().map_or_else(|| url.to_string(), |version| format!("{url}|{version}"))
}
