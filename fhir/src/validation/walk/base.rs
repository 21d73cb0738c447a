//! The rules of types: every element of a resource, once.

use super::bundle::Index;
use super::extension::{Host, is_example};
use super::instance::{Instance, Instances, resource_type};
use super::scope::Scope;
use super::{Definition, Walk};
use crate::definitions::{NameId, TypeId, TypeKind, names};
use crate::json::{Kind, Node};
use crate::validation::definition::Element;
use crate::validation::rules::{self, Rules};
use crate::validation::{Code, structure};
use std::sync::{Arc, LazyLock};

const ID: NameId = names::lookup(b"id");
const META: NameId = names::lookup(b"meta");
const PROFILE: NameId = names::lookup(b"profile");
const CONTAINED: NameId = names::lookup(b"contained");
const EXTENSION_NAME: NameId = names::lookup(b"extension");
const FULL_URL: NameId = names::lookup(b"fullUrl");

static BUNDLE_ENTRY: LazyLock<TypeId> =
    LazyLock::new(|| TypeId::from_path("Bundle.entry").expect("a type of R4"));
static EXTENSION: LazyLock<TypeId> = LazyLock::new(|| TypeId::from_path("Extension").expect("a type of R4"));
static CODING: LazyLock<TypeId> = LazyLock::new(|| TypeId::from_path("Coding").expect("a type of R4"));
static QUANTITY: LazyLock<TypeId> = LazyLock::new(|| TypeId::from_path("Quantity").expect("a type of R4"));
static REFERENCE: LazyLock<TypeId> = LazyLock::new(|| TypeId::from_path("Reference").expect("a type of R4"));

impl<'d> Walk<'_, 'd> {
    /// A resource with all it holds, and the profiles it names.
    pub(super) fn resource(&mut self, node: Node<'d>, scope: &Scope<'_, 'd>) {
        let Some(id) = resource_type(node) else { return };
        let definitions = self.definitions;
        let Some(definition) = definitions.of_type(id) else { return };
        let index = (id.path() == "Bundle").then(|| Index::of(node));
        let scope = Scope { bundle: index.as_ref().or(scope.bundle), ..*scope };
        let host = Host { instance: Instance::object(node, id), path: id.path(), holder: None };
        self.type_rules(definition, 0, host, &scope);
        self.domain_resource(node, &scope);
        if index.is_some() {
            self.brought_along(node, &scope);
        }
        self.rules().check(node, scope.root, id.path());
        let profiles = node.get_name(META).and_then(|meta| meta.get_name(PROFILE));
        for profile in profiles.into_iter().flat_map(Node::items) {
            if let Some(canonical) = profile.as_str() {
                self.named_profile(profile, node, &canonical, &scope, false);
            }
        }
    }

    /// The rules of a type's element and of everything below it.
    fn type_rules(
        &mut self,
        definition: &Arc<Definition>,
        element: usize,
        host: Host<'_, 'd>,
        scope: &Scope<'_, 'd>,
    ) {
        let instance = host.instance;
        let Some(node) = instance.node() else { return };
        if !self.step() {
            return;
        }
        self.invariants(&definition.elements[element], instance, scope);
        if instance.type_id != *BUNDLE_ENTRY {
            return self.type_children(definition, element, host, scope);
        }
        self.entry(node);
        let full_url = node.get_name(FULL_URL).and_then(Node::as_str);
        let scope = Scope { full_url: full_url.as_deref(), ..*scope };
        self.type_children(definition, element, host, &scope);
    }

    fn type_children(
        &mut self,
        definition: &Arc<Definition>,
        element: usize,
        host: Host<'_, 'd>,
        scope: &Scope<'_, 'd>,
    ) {
        let below = definition.below(element);
        let instance = host.instance;
        for (key, value) in instance.children().into_iter().flat_map(Node::members) {
            let name = key.name_id();
            if name == ID && instance.type_id.definition().kind != TypeKind::Resource {
                self.element_id(value, scope);
            }
            let Some((child, type_id)) = below.child(name.element()) else { continue };
            // The companion is paired with its value; alone it stands for itself.
            let paired = name.is_companion() && instance.has(name.element());
            if paired {
                continue;
            }
            let companion =
                if name.is_companion() { Some(value) } else { instance.companion_of(name, type_id) };
            let value = (!name.is_companion()).then_some(value);
            for one in Instances::new(value, companion, type_id) {
                self.type_child(definition, child, one, host, scope);
            }
        }
    }

    fn type_child(
        &mut self,
        definition: &Arc<Definition>,
        element: usize,
        instance: Instance<'d>,
        host: Host<'_, 'd>,
        scope: &Scope<'_, 'd>,
    ) {
        let rules = &definition.elements[element];
        let own = Host { instance, path: &rules.path, holder: host.instance.node() };
        if let Some(binding) = &rules.binding {
            self.binding(binding, instance);
        }
        match instance.type_id.definition().kind {
            TypeKind::Resource => self.nested(rules, instance, scope),
            // The parts of a resource are defined with it.
            TypeKind::Backbone => self.type_rules(definition, element, own, scope),
            TypeKind::Primitive => {
                self.invariants(rules, instance, scope);
                self.urn(instance);
                self.example_url(instance);
                self.markup(instance);
                self.companion(own, scope);
            }
            TypeKind::Complex => {
                self.invariants(rules, instance, scope);
                self.complex(rules, own, scope);
                if instance.type_id == *EXTENSION {
                    let modifier = rules.path.ends_with(".modifierExtension");
                    self.extension(instance, modifier, host, scope);
                }
            }
        }
    }

    /// Plain text that a careless reader would show as HTML.
    fn markup(&mut self, instance: Instance<'d>) {
        let Some(value) = instance.value.filter(|_| self.options.markup_refused) else { return };
        let plain = instance.type_id.lineage().any(|id| id.path() == "string")
            && instance.type_id.path() != "markdown";
        if plain && value.as_str().is_some_and(|text| looks_like_markup(&text)) {
            let text = "text that looks like HTML; write it without tags".into();
            self.issues.error(value, Code::Value, text);
        }
    }

    /// A URI that says it is a UUID or OID must be one (<https://hl7.org/fhir/R4/datatypes.html#uri>).
    fn urn(&mut self, instance: Instance<'d>) {
        let Some(value) = instance.value.filter(|value| value.raw().starts_with(b"\"urn:")) else { return };
        if instance.type_id.lineage().all(|id| id.path() != "uri") {
            return;
        }
        if let Some(Err(expected)) = value.as_str().map(|text| structure::check_urn(&text)) {
            let shown: String = value.as_str().unwrap_or_default().chars().take(80).collect();
            self.issues.error(value, Code::Value, format!("'{shown}' is not {expected}"));
        }
    }

    /// What R4's text says beyond its definitions.
    fn rules(&mut self) -> Rules<'_> {
        let source = self.definitions.source();
        Rules { terminology: self.terminology, source, issues: &mut self.issues, steps: self.steps }
    }

    /// A URL that leads nowhere, and is only for examples.
    fn example_url(&mut self, instance: Instance<'d>) {
        let Some(value) = instance.value.filter(|_| self.options.example_urls_refused) else { return };
        let is_uri = instance.type_id.lineage().any(|id| id.path() == "uri");
        if is_uri && value.as_str().is_some_and(|url| is_example(&url)) {
            let text = "a URL of a domain that is for examples only (RFC 2606); write the real one".into();
            self.issues.error(value, Code::Value, text);
        }
    }

    fn complex(&mut self, rules: &Element, host: Host<'_, 'd>, scope: &Scope<'_, 'd>) {
        let instance = host.instance;
        let definitions = self.definitions;
        let Some(definition) = definitions.of_type(instance.type_id) else { return };
        self.type_rules(definition, 0, host, scope);
        if instance.type_id == *REFERENCE {
            self.type_reference(rules, instance, scope);
        } else if instance.type_id == *CODING || instance.type_id.lineage().any(|id| id == *QUANTITY) {
            self.coding(instance);
        } else if let (Some(check), Some(value)) = (rules::data_type(instance.type_id), instance.value) {
            check(&mut self.rules(), value);
        }
    }

    /// The extensions of a primitive.
    fn companion(&mut self, host: Host<'_, 'd>, scope: &Scope<'_, 'd>) {
        let Some(companion) = host.instance.companion else { return };
        if let Some(id) = companion.get_name(ID) {
            self.element_id(id, scope);
        }
        let none = Element::default();
        for one in Instance::object(companion, *EXTENSION).all(EXTENSION_NAME, *EXTENSION) {
            let own = Host { instance: one, path: &none.path, holder: host.instance.node() };
            self.complex(&none, own, scope);
            self.extension(one, false, host, scope);
        }
    }

    /// A contained resource, or one in a bundle or in parameters.
    fn nested(&mut self, rules: &Element, instance: Instance<'d>, scope: &Scope<'_, 'd>) {
        let Some(resource) = instance.value.filter(|value| value.kind() == Kind::Object) else { return };
        if rules.members.first().is_some_and(|member| member.0 == CONTAINED) {
            if self.options.contained {
                self.resource(resource, &scope.contained(resource));
            }
            return;
        }
        let inner = Scope { resource, root: resource, outer: Some(scope), ..*scope };
        self.resource(resource, &inner);
    }
}

/// Whether there is a tag: `<`, with or without `/`, a letter, and somewhere after it `>`.
fn looks_like_markup(text: &str) -> bool {
    text.split('<').skip(1).any(|rest| {
        let name = rest.trim_start_matches('/');
        name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.contains('>')
    })
}
