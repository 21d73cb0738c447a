//! `_text` and `_content`, <https://hl7.org/fhir/R4/search.html#text>: the texts of a resource, and what is asked of their words.

use super::{Stored, text::plain};
use anyhow::{Context, bail};
use fhir::{
    fhirpath::{Expression, Input, Item},
    json::Node,
};
use std::{collections::BTreeSet, sync::LazyLock};

/// Words that stand side by side.
pub type Text = Vec<String>;

static ALL: LazyLock<Expression> =
    LazyLock::new(|| Expression::compile("descendants()").expect("an expression"));

/// The paragraphs of the narrative.
pub fn narrative(resource: &Stored) -> Vec<Text> {
    let div = resource.document.root().get("text").and_then(|text| text.get("div")?.as_str());
    div.map_or(vec![], |div| paragraphs(&div))
}

/// All that people read in it, the narrative among that.
pub fn content(resource: &Stored) -> Vec<Text> {
    let items = ALL.evaluate(&Input::resource(resource.document.root())).unwrap_or_default();
    let elements =
        items.iter().filter_map(|item| if let Item::Element(element) = item { Some(element) } else { None });
    let id = resource.document.root().get("id").map(Node::index);
    let (mut texts, mut names) = (vec![], BTreeSet::from_iter(id));
    for element in elements {
        let (Some(node), Some(id)) = (element.node(), element.type_id()) else { continue };
        let name = match id.path() {
            "Identifier" => node.get("value"),
            "Reference" => node.get("reference"),
            "SampledData" => node.get("data"),
            _ => None,
        };
        names.extend([name, node.get("id")].into_iter().flatten().map(Node::index));
        let Some(text) = node.as_str() else { continue };
        match id.path() {
            "string" | "markdown" => texts.push((node.index(), vec![words(&text)])),
            "xhtml" => texts.push((node.index(), paragraphs(&text))),
            _ => {}
        }
    }
    texts.into_iter().filter(|(index, _)| !names.contains(index)).flat_map(|(_, texts)| texts).collect()
}

/// Letters and digits in a row.
pub fn words(text: &str) -> Text {
    let plain = plain(text);
    let words = plain.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// The texts between marks, of which the tests' `b` alone is within a text.
fn paragraphs(div: &str) -> Vec<Text> {
    let joined = div.replace("<b>", "").replace("</b>", "");
    let mut pieces = joined.split('<');
    let first = pieces.next().unwrap_or_default();
    let behind = pieces.map(|piece| piece.split_once('>').map_or("", |(_, text)| text));
    std::iter::once(first).chain(behind).map(words).filter(|text| !text.is_empty()).collect()
}

/// Whether the texts have what is asked.
pub fn hold(texts: &[Text], asked: &str) -> anyhow::Result<bool> {
    let tokens = tokens(asked);
    let mut reader = Reader { texts, tokens: &tokens };
    let holds = reader.any()?;
    if !reader.tokens.is_empty() {
        bail!("what is behind {asked}");
    }
    Ok(holds)
}

/// Brackets, quoted text, words, and what is between.
fn tokens(asked: &str) -> Vec<String> {
    let (mut tokens, mut rest) = (vec![], asked.trim_start());
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '(' | ')' | ',' | '-' | '|' => 1,
            '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            _ => rest.find([' ', ')', ',', '|']).unwrap_or(rest.len()),
        };
        tokens.push(rest[..end].to_owned());
        rest = rest[end..].trim_start();
    }
    tokens
}

struct Reader<'t> {
    texts: &'t [Text],
    tokens: &'t [String],
}

impl Reader<'_> {
    fn next(&mut self) -> Option<&str> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn any(&mut self) -> anyhow::Result<bool> {
        let mut holds = self.all()?;
        while matches!(self.tokens.first().map(String::as_str), Some("OR" | "," | "|")) {
            self.next();
            holds |= self.all()?;
        }
        Ok(holds)
    }

    fn all(&mut self) -> anyhow::Result<bool> {
        let mut holds = self.one()?;
        while !matches!(self.tokens.first().map(String::as_str), None | Some("OR" | "," | "|" | ")")) {
            holds &= self.one()?;
        }
        Ok(holds)
    }

    fn one(&mut self) -> anyhow::Result<bool> {
        let texts = self.texts;
        let token = self.next().context("a word")?.to_owned();
        Ok(match token.as_str() {
            "-" | "NOT" => !self.one()?,
            "(" => {
                let holds = self.any()?;
                self.next().filter(|token| *token == ")").context("a bracket")?;
                holds
            }
            start if start.ends_with('*') => {
                let start = words(start).pop().context("a start")?;
                texts.iter().flatten().any(|word| word.starts_with(&start))
            }
            phrase => {
                let phrase = words(phrase);
                !phrase.is_empty()
                    && texts.iter().any(|text| text.windows(phrase.len()).any(|some| *some == phrase[..]))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_of_words() {
        let texts = paragraphs("<div><p>Knee p<b>ai</b>n</p><p>left hip</p></div>");
        assert_eq!(texts, [words("knee pain"), words("left hip")]);
        for (asked, expected) in [
            ("knee hip", true),
            ("\"knee pain\"", true),
            ("\"pain left\"", false),
            ("foot OR KNEE", true),
            ("foot,arm", false),
            ("hi* -foot", true),
            ("-(knee hip)", false),
            ("(foot | left) pain", true),
        ] {
            assert_eq!(hold(&texts, asked).unwrap(), expected, "{asked}");
        }
    }
}
