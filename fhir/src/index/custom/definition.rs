//! What matters of a SearchParameter resource.

use super::super::program::Program;
use super::meaning::{is_same, unsteady};
use super::reading::{applies, by_type, is_abstract, list, shown, targets, text, types};
use super::refusal::Refusal;
use crate::definitions::{
    Component, ParamId, ParamKind, ResourceType, Said, SearchParameter, TypeId, param_kind, search_parameter,
};
use crate::fhirpath::{Error, Expression, Options};
use crate::fhirpath_syntax::ast::Expr;
use crate::fhirpath_syntax::parse::parse;
use crate::fhirpath_syntax::path::{Path, alternatives, type_at_start};
use crate::json::{Document, Limits, Node, write_string};
use std::sync::Arc;

/// An expression is read with each start of a node, and evaluated with each write.
const EXPRESSION_BYTES_MAX: usize = 4096;
const OPERANDS_MAX: usize = 64;
const COMPONENTS_MAX: usize = 8;
const CODE_BYTES_MAX: usize = 64;
const URL_BYTES_MAX: usize = 1024;

/// A search parameter that is not R4's, checked. Two that mean the same are equal and have the same text.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// The canonical URL, without a version.
    pub url: Box<str>,
    pub code: Box<str>,
    pub kind: ParamKind,
    /// The types that it is a parameter of, where R4 has no equal one, in the order of their codes.
    pub bases: Vec<ResourceType>,
    targets: Arc<[ResourceType]>,
    expression: Box<str>,
    /// URL of the definition and expression of each.
    components: Vec<(Box<str>, Box<str>)>,
}

/// What a SearchParameter resource comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    /// It is not active: a draft, or retired.
    Inactive,
    /// What R4 itself has, and the server answers without it.
    AsR4,
    Custom(Definition),
}

impl Definition {
    /// What a SearchParameter resource says.
    ///
    /// # Errors
    /// What of an active one cannot be carried out, and why.
    pub fn read(resource: Node<'_>) -> Result<Meaning, Refusal> {
        if text(resource, "status").as_deref() != Some("active") {
            return Ok(Meaning::Inactive);
        }
        let mut definition = Definition::said(resource)?;
        definition.check()?;
        let expression = definition.tree()?;
        let mut all = std::mem::take(&mut definition.bases);
        if list(resource, "base").any(|base| base.as_str().is_some_and(|name| is_abstract(&name))) {
            // It is a parameter of those that it says something of.
            all.retain(|base| applies(*base, &expression));
        }
        for base in all {
            if !definition.is_r4s(base, &expression)? {
                definition.bases.push(base);
            }
        }
        if definition.bases.is_empty() {
            return Ok(Meaning::AsR4);
        }
        definition.check_expression(&expression)?;
        Ok(Meaning::Custom(definition))
    }

    /// What the text says that [`Definition::text`] made.
    ///
    /// # Errors
    /// It is none, or says what this version cannot carry out.
    pub fn parse(written: &str) -> Result<Definition, Refusal> {
        let unreadable = |_| Refusal::value("SearchParameter", "what was agreed on cannot be read");
        let document = Document::parse(written.to_owned(), &Limits::default()).map_err(unreadable)?;
        // It was checked before it was agreed on, maybe by another version.
        let definition = Definition::said(document.root())?;
        definition.tree()?;
        definition.parts()?;
        Ok(definition)
    }

    /// Whether a search for the code would not know which of the two is meant.
    pub fn clashes_with(&self, other: &Definition) -> bool {
        self.code == other.code && self.bases.iter().any(|base| other.bases.contains(base))
    }

    /// All that matters, as JSON: equal for equal ones.
    pub fn text(&self) -> String {
        let mut out = Vec::new();
        let mut member = |name: &str, value: &str| {
            out.extend_from_slice(if out.is_empty() { b"{" } else { b"," });
            write_string(&mut out, name);
            out.push(b':');
            write_string(&mut out, value);
        };
        member("url", &self.url);
        member("code", &self.code);
        member("type", self.kind.code());
        member("expression", &self.expression);
        let names =
            |types: &[ResourceType]| types.iter().map(|t| format!("\"{t}\"")).collect::<Vec<_>>().join(",");
        let mut text = String::from_utf8(out).unwrap_or_default();
        text += &format!(",\"base\":[{}]", names(&self.bases));
        if !self.targets.is_empty() {
            text += &format!(",\"target\":[{}]", names(&self.targets));
        }
        if !self.components.is_empty() {
            let mut parts = Vec::new();
            for (definition, expression) in &self.components {
                parts.extend_from_slice(if parts.is_empty() {
                    b"{\"definition\":"
                } else {
                    b",{\"definition\":"
                });
                write_string(&mut parts, definition);
                parts.extend_from_slice(b",\"expression\":");
                write_string(&mut parts, expression);
                parts.push(b'}');
            }
            text += &format!(",\"component\":[{}]", String::from_utf8(parts).unwrap_or_default());
        }
        text + "}"
    }

    /// As it applies to one of its bases, under that number.
    pub(super) fn of_type(&self, t: ResourceType, id: ParamId) -> Result<SearchParameter, Refusal> {
        Ok(self.parameter(t, id, &self.tree()?, self.parts()?))
    }

    fn parameter(&self, t: ResourceType, id: ParamId, tree: &Expr, parts: Vec<Component>) -> SearchParameter {
        let said = Said {
            code: self.code.to_string().into(),
            name: self.url.to_string().into(),
            kind: self.kind,
            targets: Arc::clone(&self.targets),
            components: parts.into(),
            expression: Some(self.expression.to_string().into()),
        };
        SearchParameter::custom(t, id, said, tree)
    }

    /// As it is written.
    fn said(resource: Node<'_>) -> Result<Definition, Refusal> {
        let needed = |name, path| text(resource, name).ok_or_else(|| Refusal::missing(path));
        let url = needed("url", "SearchParameter.url")?;
        let code = needed("code", "SearchParameter.code")?;
        let type_name = needed("type", "SearchParameter.type")?;
        let kind = param_kind(&type_name).ok_or_else(|| {
            Refusal::value(
                "SearchParameter.type",
                format!("'{}' is no type of search parameters", shown(&type_name)),
            )
        })?;
        let expression = by_type(&needed("expression", "SearchParameter.expression")?);
        let part = |component: Node<'_>| {
            let missing = || Refusal::missing("SearchParameter.component");
            let definition = text(component, "definition").ok_or_else(missing)?;
            let definition = definition.split('|').next().unwrap_or_default().into();
            Ok((definition, text(component, "expression").ok_or_else(missing)?))
        };
        Ok(Definition {
            url,
            code,
            kind,
            bases: types(resource, "base", "SearchParameter.base")?,
            targets: targets(resource, kind)?,
            expression,
            components: list(resource, "component").map(part).collect::<Result<_, Refusal>>()?,
        })
    }

    fn check(&self) -> Result<(), Refusal> {
        if self.url.len() > URL_BYTES_MAX || self.url.contains(['|', ' ']) {
            let text = format!("a canonical URL has {URL_BYTES_MAX} bytes at most, no blank and no '|'");
            return Err(Refusal::value("SearchParameter.url", text));
        }
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if self.code.len() > CODE_BYTES_MAX || !self.code.bytes().all(fits) {
            let text = format!("a code is made of letters, digits, '-' and '_', {CODE_BYTES_MAX} at most");
            return Err(Refusal::value("SearchParameter.code", text));
        }
        if self.kind == ParamKind::Special {
            let text = "a special parameter is one that each server carries out by itself: its expression says not how";
            return Err(Refusal::unsupported("SearchParameter.type", text));
        }
        if self.bases.is_empty() {
            return Err(Refusal::missing("SearchParameter.base"));
        }
        Ok(())
    }

    /// What it selects, of all its bases.
    fn check_expression(&self, expression: &Expr) -> Result<(), Refusal> {
        for operand in alternatives(expression) {
            if let Some(text) = unsteady(operand) {
                return Err(Refusal::unsupported("SearchParameter.expression", text));
            }
        }
        self.check_names(expression)?;
        let parts = self.parts()?;
        for base in &self.bases {
            self.check_on(*base, expression, parts.clone())?;
        }
        Ok(())
    }

    /// Elements that no base has, nor a type that an operand begins with, are found nowhere.
    fn check_names(&self, expression: &Expr) -> Result<(), Refusal> {
        let fails = |error: Error| Refusal::value("SearchParameter.expression", error.to_string());
        let compiled = Expression::compile_tree(expression, &self.expression, Options::R4).map_err(fails)?;
        let bases = self.bases.iter().map(|base| base.name());
        let named = alternatives(expression).into_iter().filter_map(type_at_start);
        let focus: Vec<TypeId> = bases.chain(named).filter_map(TypeId::from_path).collect();
        compiled.check_any(&focus).map_err(fails)
    }

    fn check_on(&self, base: ResourceType, expression: &Expr, parts: Vec<Component>) -> Result<(), Refusal> {
        let fails = |text: String| Refusal::value("SearchParameter.expression", format!("of {base}: {text}"));
        let parameter = self.parameter(base, ParamId(ParamId::CUSTOM), expression, parts);
        if parameter.alternatives.is_empty() {
            return Err(fails("it selects nothing of that base".to_owned()));
        }
        for alternative in &parameter.alternatives {
            let compiled = Expression::compile_tree(&alternative.expr, &self.expression, Options::R4);
            compiled.map_err(|error| fails(error.to_string()))?;
        }
        Program::judge(base, &parameter).map_err(fails)
    }

    /// The expression, read and within its bounds.
    fn tree(&self) -> Result<Expr, Refusal> {
        let fails = |text: String| Refusal::value("SearchParameter.expression", text);
        if self.expression.len() > EXPRESSION_BYTES_MAX {
            return Err(fails(format!("it has more than {EXPRESSION_BYTES_MAX} bytes")));
        }
        let tree = parse(&self.expression).map_err(|error| fails(error.to_string()))?;
        match alternatives(&tree).len() > OPERANDS_MAX {
            true => Err(fails(format!("it is a union of more than {OPERANDS_MAX} expressions"))),
            false => Ok(tree),
        }
    }

    fn parts(&self) -> Result<Vec<Component>, Refusal> {
        const PART: &str = "SearchParameter.component";
        let is_composite = self.kind == ParamKind::Composite;
        if is_composite == self.components.is_empty() || self.components.len() > COMPONENTS_MAX {
            let text =
                format!("a composite has 1 to {COMPONENTS_MAX} of them, and no other parameter has any");
            return Err(Refusal::value(PART, text));
        }
        let part = |(url, expression): &(Box<str>, Box<str>)| {
            let tree = parse(expression).map_err(|error| Refusal::value(PART, error.to_string()))?;
            if expression.len() > EXPRESSION_BYTES_MAX {
                return Err(Refusal::value(
                    PART,
                    format!("an expression has more than {EXPRESSION_BYTES_MAX} bytes"),
                ));
            }
            if let Some(text) =
                alternatives(&tree).into_iter().filter(|one| Path::of(one).is_none()).find_map(unsteady)
            {
                return Err(Refusal::unsupported(PART, text));
            }
            let component =
                Component::of_r4(url, expression.to_string()).filter(|one| one.kind != ParamKind::Composite);
            component.ok_or_else(|| {
                let text = format!(
                    "'{}' is none of R4's own search parameters, which a component has to be",
                    shown(url)
                );
                Refusal::unsupported(PART, text)
            })
        };
        self.components.iter().map(part).collect()
    }

    /// Whether R4 has the same parameter of that type.
    fn is_r4s(&self, base: ResourceType, expression: &Expr) -> Result<bool, Refusal> {
        let Some(known) = search_parameter(base, &self.code) else {
            return match self.code.starts_with('_') {
                true => Err(Refusal::value(
                    "SearchParameter.code",
                    "a code that begins with '_' would be taken for one of FHIR's own",
                )),
                false => Ok(false),
            };
        };
        let own = self.parameter(base, known.id, expression, self.parts()?);
        let is_same = known.kind == self.kind
            && known.components == own.components
            && is_same(base, &known.alternatives, &own.alternatives);
        match is_same {
            true => Ok(true),
            false => Err(Refusal {
                expression: "SearchParameter.code",
                code: "business-rule",
                text: format!(
                    "{base} has a parameter '{}' of FHIR R4's, which means something else; give it another code",
                    self.code
                ),
            }),
        }
    }
}
