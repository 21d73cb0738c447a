//! The parameters of an operation, from the URL and from the body:
//! <https://hl7.org/fhir/R4/operations.html#executing>.

use super::definition::{Definition, Kind, Parameter};
use bytes::Bytes;
use fhir::json::{Document, Limits, Node, write_string};
use proto::{Code, Error, api::v1::SearchParameter};
use std::borrow::Cow;

/// What an operation was given.
#[derive(Debug)]
pub(super) struct Input {
    /// A Parameters resource: those of the URL, then those of the body.
    pub parameters: Document,
    /// The body, where it is the resource of the parameter that [`Definition::bare`] names.
    pub bare: Option<Document>,
}

impl Input {
    /// Reads and checks against what `definition` declares.
    ///
    /// # Errors
    /// `Malformed` for a body that is no resource, `BadRequest` for one that is no Parameters where no other will do,
    /// `BadParameter` for a parameter that is not declared, given too often, or cannot stand in a URL.
    pub(super) fn read(
        definition: &Definition,
        url: &[SearchParameter],
        body: Bytes,
        limits: &Limits,
    ) -> Result<Input, Error> {
        let body = match body.is_empty() {
            true => None,
            false => Some(crate::draft::document(body, limits)?),
        };
        // What stands for a simple parameter is no resource.
        let takes_data = definition.bare.and_then(|name| definition.parameter(name));
        let takes_data = takes_data.is_some_and(|parameter| parameter.kind != Kind::Complex);
        let (sent, bare) = match body {
            None => (None, None),
            Some(body) if takes_data && body.root().get("resourceType").is_none() => (None, Some(body)),
            Some(body) if is_parameters(&body)? => (Some(body), None),
            Some(_) if takes_data => return Err(needs_parameters(definition)),
            Some(body) if definition.bare.is_some() => (None, Some(body)),
            Some(_) => return Err(needs_parameters(definition)),
        };
        let parameters = match sent {
            Some(sent) if url.is_empty() => sent,
            sent => join(definition, url, sent.as_ref(), limits)?,
        };
        let input = Input { parameters, bare };
        input.check(definition)?;
        Ok(input)
    }

    /// The text of a simple parameter.
    pub(super) fn text<'i>(&'i self, name: &'i str) -> Option<Cow<'i, str>> {
        self.texts(name).next()
    }

    /// The texts of a simple parameter that may be given several times.
    pub(super) fn texts<'i>(&'i self, name: &'i str) -> impl Iterator<Item = Cow<'i, str>> {
        self.all_named(name).filter_map(|parameter| {
            let value = parameter.members().find(|(key, _)| key.as_str().starts_with("value"))?.1;
            value.as_str().or_else(|| value.number_text().map(Cow::Borrowed))
        })
    }

    /// What a boolean parameter says.
    ///
    /// # Errors
    /// `BadParameter` where it is none.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Error> {
        let Some(parameter) = self.named(name) else { return Ok(None) };
        let value = parameter.get("valueBoolean").and_then(Node::as_bool);
        value.map(Some).ok_or_else(|| {
            Error::new(Code::BadParameter, format!("the parameter {name} is a valueBoolean: true or false"))
                .as_issue("value")
        })
    }

    /// The resource of a parameter, as a document of its own.
    ///
    /// # Errors
    /// `BadParameter` where the parameter has none.
    pub(super) fn take_resource(&mut self, name: &str, limits: &Limits) -> Result<Option<Document>, Error> {
        if let Some(bare) = self.bare.take() {
            return Ok(Some(bare));
        }
        let Some(parameter) = self.named(name) else { return Ok(None) };
        let resource = parameter.get("resource").ok_or_else(|| {
            Error::new(Code::BadParameter, format!("the parameter {name} holds no resource"))
                .as_issue("required")
        })?;
        crate::draft::document(self.parameters.source().slice(resource.span()), limits).map(Some)
    }

    fn named<'i>(&'i self, name: &'i str) -> Option<Node<'i>> {
        self.all_named(name).next()
    }

    fn all_named<'i>(&'i self, name: &'i str) -> impl Iterator<Item = Node<'i>> {
        let all = self.parameters.root().get("parameter").into_iter().flat_map(|all| all.items());
        all.filter(move |parameter| {
            parameter.get("name").and_then(Node::as_str).is_some_and(|found| found == name)
        })
    }

    fn check(&self, definition: &Definition) -> Result<(), Error> {
        let mut seen: Vec<&str> = self.bare.iter().filter_map(|_| definition.bare).collect();
        for parameter in self.parameters.root().get("parameter").into_iter().flat_map(|all| all.items()) {
            let name = parameter.get("name").and_then(|name| name.as_str()).unwrap_or_default();
            let declared = definition.parameter(&name).ok_or_else(|| unknown(definition, &name))?;
            if seen.contains(&declared.name) && !declared.many {
                let text = format!("the parameter {name} is given more than once");
                return Err(Error::new(Code::BadParameter, text).as_issue("value"));
            }
            seen.push(declared.name);
        }
        Ok(())
    }
}

/// One Parameters resource of the URL's and the body's.
fn join(
    definition: &Definition,
    url: &[SearchParameter],
    sent: Option<&Document>,
    limits: &Limits,
) -> Result<Document, Error> {
    let mut out = br#"{"resourceType":"Parameters","parameter":["#.to_vec();
    let empty = out.len();
    for pair in url {
        let parameter = definition.parameter(&pair.name).ok_or_else(|| unknown(definition, &pair.name))?;
        if out.len() > empty {
            out.push(b',');
        }
        write_simple(&mut out, parameter, &pair.value)?;
    }
    let sent = sent.and_then(|sent| sent.root().get("parameter"));
    for parameter in sent.into_iter().flat_map(|all| all.items()) {
        if out.len() > empty {
            out.push(b',');
        }
        out.extend_from_slice(parameter.raw());
    }
    out.extend_from_slice(b"]}");
    crate::draft::document(out.into(), limits)
}

/// `{"name": …, "valueUri": …}`
fn write_simple(out: &mut Vec<u8>, parameter: &Parameter, value: &str) -> Result<(), Error> {
    let refused = |what: &str| {
        let text = format!("the parameter {} is {what}", parameter.name);
        Err(Error::new(Code::BadParameter, text).as_issue("value"))
    };
    out.extend_from_slice(br#"{"name":"#);
    write_string(out, parameter.name);
    match parameter.kind {
        Kind::Text(member) => {
            out.extend_from_slice(format!(r#","{member}":"#).as_bytes());
            write_string(out, value);
        }
        Kind::Boolean if matches!(value, "true" | "false") => {
            out.extend_from_slice(format!(r#","valueBoolean":{value}"#).as_bytes());
        }
        Kind::Boolean => return refused("true or false"),
        Kind::Integer => match value.parse::<i32>() {
            Ok(number) => out.extend_from_slice(format!(r#","valueInteger":{number}"#).as_bytes()),
            Err(_) => return refused("an integer"),
        },
        // As JSON writes numbers, so that it can stand there as it is.
        Kind::Decimal => match serde_json::from_str::<serde_json::Number>(value) {
            Ok(_) => out.extend_from_slice(format!(r#","valueDecimal":{value}"#).as_bytes()),
            Err(_) => return refused("a decimal number"),
        },
        Kind::Complex => return refused("no simple value: send it in a Parameters resource with POST"),
    }
    out.push(b'}');
    Ok(())
}

fn is_parameters(document: &Document) -> Result<bool, Error> {
    let name = document.root().get("resourceType").and_then(Node::as_str);
    let name =
        name.ok_or_else(|| Error::new(Code::Malformed, "the body is no resource: it has no resourceType"))?;
    Ok(name == "Parameters")
}

fn needs_parameters(definition: &Definition) -> Error {
    let text = format!("the body of ${} is a Parameters resource", definition.name);
    Error::new(Code::BadRequest, text)
}

fn unknown(definition: &Definition, name: &str) -> Error {
    if definition.unsupported.contains(&name) {
        let text =
            format!("${} is not carried out here with the parameter '{name}'; leave it out", definition.name);
        return Error::new(Code::BadParameter, text).as_issue("not-supported");
    }
    let name: String = name.chars().take(100).collect();
    let known: Vec<&str> = definition.parameters.iter().map(|parameter| parameter.name).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let text = format!("${} has no parameter '{name}'; it has {known}", definition.name);
    Error::new(Code::BadParameter, text).as_issue("invalid")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::definition::Types;
    use futures::{FutureExt, future};

    const ECHO: Definition = Definition {
        name: "echo",
        url: "http://hl7.org/fhir/OperationDefinition/Resource-echo",
        system: true,
        types: Types::None,
        on_type: false,
        on_instance: false,
        affects_state: false,
        parameters: &[
            Parameter::one("url", Kind::Text("valueUri")),
            Parameter::one("flag", Kind::Boolean),
            Parameter::many("count", Kind::Integer),
            Parameter::one("amount", Kind::Decimal),
            Parameter::one("resource", Kind::Complex),
        ],
        unsupported: &["later"],
        bare: Some("resource"),
        run: |_| future::ready(Ok(Bytes::new())).boxed(),
    };

    fn read(url: &[(&str, &str)], body: &'static str) -> Result<Input, Error> {
        let pair = |(name, value): &(&str, &str)| SearchParameter {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        };
        let url: Vec<SearchParameter> = url.iter().map(pair).collect();
        Input::read(&ECHO, &url, Bytes::from_static(body.as_bytes()), &Limits::default())
    }

    fn text(input: &Input) -> String {
        String::from_utf8_lossy(input.parameters.source()).into_owned()
    }

    const SENT: &str = r#"{"resourceType":"Parameters","parameter":[{"name":"count","valueInteger":7}]}"#;

    #[test]
    fn the_urls_come_before_the_bodys() {
        assert_eq!(text(&read(&[], SENT).unwrap()), SENT);
        let joined = read(&[("url", "a\"b"), ("flag", "true"), ("count", "-1")], SENT).unwrap();
        assert_eq!(
            text(&joined),
            concat!(
                r#"{"resourceType":"Parameters","parameter":[{"name":"url","valueUri":"a\"b"},"#,
                r#"{"name":"flag","valueBoolean":true},{"name":"count","valueInteger":-1},"#,
                r#"{"name":"count","valueInteger":7}]}"#
            )
        );
        assert!(text(&read(&[], "").unwrap()).ends_with("[]}"));
    }

    #[test]
    fn a_bare_resource_is_its_parameter() {
        let input = read(&[("flag", "false")], r#"{"resourceType":"Patient"}"#).unwrap();
        assert!(input.bare.is_some());
        assert!(text(&input).contains("valueBoolean"));
    }

    #[test]
    fn numbers_stand_as_they_are_and_flags_are_booleans() {
        let input = read(&[("amount", "1.50"), ("flag", "true")], "").unwrap();
        assert!(text(&input).contains(r#""valueDecimal":1.50"#));
        assert_eq!(input.text("amount").as_deref(), Some("1.50"));
        assert_eq!((input.flag("flag").unwrap(), input.flag("url").unwrap()), (Some(true), None));
        let sent = r#"{"resourceType":"Parameters","parameter":[{"name":"flag","valueString":"true"}]}"#;
        assert_eq!(read(&[], sent).unwrap().flag("flag").unwrap_err().code, Code::BadParameter);
        for wrong in ["much", "+1", ".5", "1.", "0x1", "NaN"] {
            assert_eq!(read(&[("amount", wrong)], "").unwrap_err().code, Code::BadParameter, "{wrong}");
        }
    }

    #[test]
    fn what_stands_for_a_simple_parameter_is_no_resource() {
        let definition = Definition { bare: Some("url"), ..ECHO };
        let read = |body: &'static str| {
            Input::read(&definition, &[], Bytes::from_static(body.as_bytes()), &Limits::default())
        };
        assert!(read(r#"{"url":"a"}"#).unwrap().bare.is_some());
        assert!(read(SENT).unwrap().bare.is_none());
        assert_eq!(read(r#"{"resourceType":"Patient"}"#).unwrap_err().code, Code::BadRequest);
    }

    #[test]
    fn what_is_not_declared_is_refused() {
        let code = |url: &[(&str, &str)], body| read(url, body).unwrap_err().code;
        assert_eq!(code(&[("other", "1")], ""), Code::BadParameter);
        assert_eq!(code(&[("flag", "yes")], ""), Code::BadParameter);
        assert_eq!(code(&[("count", "1.5")], ""), Code::BadParameter);
        assert_eq!(code(&[("resource", "{}")], ""), Code::BadParameter);
        assert_eq!(code(&[("url", "a"), ("url", "b")], ""), Code::BadParameter);
        let issue = |name| read(&[(name, "1")], "").unwrap_err().issues[0].code;
        assert_eq!((issue("later"), issue("other")), ("not-supported", "invalid"));
        let other = r#"{"resourceType":"Parameters","parameter":[{"name":"other"}]}"#;
        assert_eq!(code(&[], other), Code::BadParameter);
        assert_eq!(code(&[], "{"), Code::Malformed);
        assert_eq!(code(&[], "{}"), Code::Malformed);
    }
}
