//! Conditions: plain ones, chains, `_has`.

use super::{Asking, Parameter, references, searchable, value, words};
use crate::naive::{Found, content, narrative, select};
use fhir::definitions::{ParamKind, ResourceType, SearchParameter, search_parameter};

impl Asking<'_> {
    /// One condition on resources of type `t`, which rests on at most `depth` others.
    pub fn condition(&mut self, t: ResourceType, depth: usize) -> Option<Parameter> {
        match self.random.below(100) {
            0..14 if depth > 0 => self.chain(t, depth - 1),
            14..26 if depth > 0 => self.has(t, depth - 1),
            26..32 => self.ids(t),
            32..36 => self.times(t),
            36..44 => self.words(t),
            44..60 if t.name() == "Location" => self.near(t),
            _ => self.by_one_of(t, &searchable(t)),
        }
    }

    fn ids(&mut self, t: ResourceType) -> Option<Parameter> {
        let ids: Vec<String> = (0..1 + self.random.below(4))
            .filter_map(|_| match self.random.below(5) {
                0 => Some("nobody".to_owned()),
                _ => self.id_of(t),
            })
            .collect();
        Some(("_id".to_owned(), ids.join(","))).filter(|(_, ids)| !ids.is_empty())
    }

    fn times(&mut self, t: ResourceType) -> Option<Parameter> {
        let resource = self.resource(Some(t))?;
        let time = resource.document.root().get("meta")?.get("lastUpdated")?.as_str()?.into_owned();
        // What is near a moment ago depends on when it is asked.
        let near = value::near_date(self.random, &time);
        Some(("_lastUpdated".to_owned(), near.trim_start_matches("ap").to_owned()))
    }

    /// Words of a resource, or near them.
    fn words(&mut self, t: ResourceType) -> Option<Parameter> {
        let resource = self.resource(Some(t))?;
        let (name, texts) = match self.random.chance(500) {
            true => ("_text", narrative(resource)),
            false => ("_content", content(resource)),
        };
        let (random, several) = (&mut *self.random, [" ", " ", " OR ", ",", " -", " | "]);
        let mut asked = words::some(random, &texts);
        while random.chance(400) {
            let between = random.pick(&several);
            asked = format!("{asked}{between}{}", words::some(random, &texts));
        }
        let asked = match random.below(6) {
            0 => format!("-({asked})"),
            1 => format!("({asked}) {}", words::some(random, &texts)),
            _ => asked,
        };
        Some((name.to_owned(), asked))
    }

    /// A place, and how far around it.
    fn near(&mut self, t: ResourceType) -> Option<Parameter> {
        let resource = self.resource(Some(t))?;
        let position = resource.document.root().get("position");
        let of = |name: &str| position.and_then(|position| position.get(name)?.number_text());
        let (latitude, longitude) = (of("latitude").unwrap_or("52.5"), of("longitude").unwrap_or("13.4"));
        let far =
            self.random.pick(&["", "|1", "|30|km", "|900|km", "|30|[mi_i]", "|5000|m", "|15000", "|20100"]);
        let moved = self.random.pick(&["", "", "1", "9"]);
        let latitude = if latitude.contains('.') && !latitude.contains("89.9") {
            format!("{latitude}{moved}")
        } else {
            latitude.to_owned()
        };
        Some(("near".to_owned(), format!("{latitude}|{longitude}{far}")))
    }

    /// By one of these parameters, if possible one that some resource of the type has. Each kind of them is as likely, since there are
    /// many for codes and few for numbers.
    pub fn by_one_of(
        &mut self,
        t: ResourceType,
        parameters: &[&'static SearchParameter],
    ) -> Option<Parameter> {
        let mut kinds: Vec<ParamKind> = vec![];
        for one in parameters {
            if !kinds.contains(&one.kind) {
                kinds.push(one.kind);
            }
        }
        let (mut parameter, mut found) = (None, vec![]);
        for _ in 0..8 {
            let resource = self.resource(Some(t))?;
            let kind = self.random.pick(&kinds);
            let alike: Vec<&SearchParameter> =
                parameters.iter().copied().filter(|one| one.kind == kind).collect();
            let one = self.random.pick(&alike);
            found = select(resource, one);
            parameter = Some(one);
            if !found.is_empty() {
                break;
            }
        }
        let parameter = parameter?;
        if self.random.chance(60) {
            return Some((format!("{}:missing", parameter.code), self.random.chance(500).to_string()));
        }
        let modifier = self.modifier(parameter);
        let mut values = vec![self.value(parameter, modifier, &found)];
        while self.random.chance(250) && values.len() < 4 {
            let more = select(self.resource(Some(t))?, parameter);
            values.push(self.value(parameter, modifier, &more));
        }
        let name = modifier.map_or(parameter.code.to_string(), |one| format!("{}:{one}", parameter.code));
        Some((name, values.join(",")))
    }

    fn modifier(&mut self, parameter: &SearchParameter) -> Option<&'static str> {
        match parameter.kind {
            ParamKind::String => self.random.pick(&[None, None, Some("exact"), Some("contains")]),
            ParamKind::Token => self.random.pick(&[None, None, None, None, Some("not")]),
            ParamKind::Uri => self.random.pick(&[None, None, Some("below"), Some("above")]),
            ParamKind::Reference if self.random.chance(200) => {
                let there = self.types();
                let near: Vec<ResourceType> =
                    parameter.targets.iter().copied().filter(|t| there.contains(t)).collect();
                (!near.is_empty()).then(|| self.random.pick(&near).name())
            }
            _ => None,
        }
    }

    fn value(&mut self, parameter: &SearchParameter, modifier: Option<&str>, found: &[Found<'_>]) -> String {
        let found = (!found.is_empty()).then(|| &found[self.random.below(found.len() as u64) as usize]);
        value::near(self.random, parameter, modifier, found, &self.store.base)
    }

    /// `reference.condition`, with or without a type.
    fn chain(&mut self, t: ResourceType, depth: usize) -> Option<Parameter> {
        let there = self.types();
        let leads = |one: &&SearchParameter| one.targets.iter().any(|target| there.contains(target));
        let leading: Vec<&SearchParameter> = references(t).into_iter().filter(leads).collect();
        if leading.is_empty() {
            return None;
        }
        let parameter = self.random.pick(&leading);
        let near: Vec<ResourceType> =
            parameter.targets.iter().copied().filter(|target| there.contains(target)).collect();
        let target = self.random.pick(&near);
        let (name, value) = self.condition(target, depth)?;
        let code = &*parameter.code;
        let untyped = self.random.chance(400) && is_clear_untyped(parameter, target, &name);
        let head = if untyped { code.to_owned() } else { format!("{code}:{target}") };
        Some((format!("{head}.{name}"), value))
    }

    fn has(&mut self, t: ResourceType, depth: usize) -> Option<Parameter> {
        let mut referring: Vec<(ResourceType, &SearchParameter)> = vec![];
        for source in self.types() {
            let refers = references(source).into_iter().filter(|one| one.targets.contains(&t));
            referring.extend(refers.map(|one| (source, one)));
        }
        if referring.is_empty() {
            return None;
        }
        let (source, parameter) = self.random.pick(&referring);
        let (name, value) = self.condition(source, depth)?;
        Some((format!("_has:{source}:{}:{name}", parameter.code), value))
    }
}

/// Whether every type that can be meant where none is named takes the condition, which was made for `target`.
fn is_clear_untyped(parameter: &SearchParameter, target: ResourceType, name: &str) -> bool {
    if name.contains('.') || name.starts_with("_has:") || parameter.targets.len() > 20 {
        return false;
    }
    let (code, modifier) = name.split_once(':').unwrap_or((name, ""));
    let Some(meant) = search_parameter(target, code) else { return false };
    let mut twins = parameter.targets.iter().filter_map(|target| search_parameter(*target, code));
    twins.all(|twin| twin.kind == meant.kind) && ResourceType::from_name(modifier).is_none()
}
