//! QuestionnaireResponse against its Questionnaire: <https://hl7.org/fhir/R4/questionnaireresponse.html#notes>.
//!
//! Nothing is said when the questionnaire is not known here, nor about what only an extension decides.

mod answer;
mod enabled;
mod questions;

use super::{Rules, items, shown, text};
use crate::conformance::Canonical;
use crate::definitions::ResourceType;
use crate::json::Node;
use crate::validation::Code;
use questions::{Answers, Questions};
use std::collections::BTreeMap;

/// What looking at an item or an option costs, in steps of FHIRPath.
const STEP: u64 = 8;

/// What a condition costs, which is compared with up to as many answers.
const CONDITION: u64 = 64;

/// Checks that the items are the questionnaire's, where they belong, answered with the right types, enabled, and that
/// none that is required is missing once the response is complete.
pub(super) fn check(rules: &mut Rules<'_>, resource: Node<'_>) {
    let Some(canonical) = text(resource, "questionnaire") else { return };
    if let Some(id) = canonical.strip_prefix('#') {
        let is_it = |one: &Node<'_>| {
            text(*one, "id").as_deref() == Some(id)
                && text(*one, "resourceType").as_deref() == Some("Questionnaire")
        };
        let contained = items(resource, "contained").find(is_it);
        return contained.into_iter().for_each(|questionnaire| against(rules, resource, questionnaire));
    }
    let (url, version, _) = Canonical::read(&canonical);
    let kind = ResourceType::from_name("Questionnaire");
    let Some(found) = kind.and_then(|kind| rules.source.find(kind, url, version)) else { return };
    against(rules, resource, found.root());
}

fn against(rules: &mut Rules<'_>, response: Node<'_>, questionnaire: Node<'_>) {
    let status = text(response, "status");
    let form = Form {
        questions: Questions::of(questionnaire),
        answers: Answers::of(response),
        complete: matches!(status.as_deref(), Some("completed" | "amended")),
    };
    form.level(rules, response, questionnaire, true);
}

/// A response beside its questionnaire.
struct Form<'q, 'r> {
    questions: Questions<'q>,
    answers: Answers<'r>,
    complete: bool,
}

impl<'q, 'r> Form<'q, 'r> {
    /// The items directly below `given` (the response, an item, an answer) beside those below `asked`. `enabled`: whether
    /// what is above them is. Depth is bounded by the document's.
    fn level(&self, rules: &mut Rules<'_>, given: Node<'r>, asked: Node<'q>, enabled: bool) {
        let parent = text(asked, "linkId");
        let mut met: BTreeMap<String, usize> = BTreeMap::new();
        for item in items(given, "item") {
            if !rules.steps.pay(STEP) {
                return;
            }
            let Some(link) = text(item, "linkId") else { continue };
            let question = self.questions.find(&link, parent.as_deref());
            let Some(question) = question else {
                let text = format!("the questionnaire has no item '{}' here", shown(&link));
                rules.error(item, Code::Structure, text);
                continue;
            };
            let count = met.entry(link.into_owned()).or_default();
            *count += 1;
            if *count == 2 && !repeats(question) {
                rules.error(item, Code::Structure, "a second item of a question that does not repeat".into());
            }
            self.item(rules, item, question, enabled);
        }
        if self.complete && enabled {
            self.required(rules, given, asked, &met);
        }
    }

    fn item(&self, rules: &mut Rules<'_>, item: Node<'r>, question: Node<'q>, enabled: bool) {
        if !pays(rules, question, "enableWhen", CONDITION) {
            return;
        }
        let state = enabled::of(question, &self.answers);
        let count = items(item, "answer").count();
        if state == Some(false) && count > 0 {
            let text = "the question is answered, but not enabled by the answers to others".into();
            rules.error(item, Code::BusinessRule, text);
        }
        if count > 1 && !repeats(question) {
            let text = format!("{count} answers to a question that does not repeat");
            rules.error(item, Code::Structure, text);
        }
        let enabled = enabled && state == Some(true);
        for given in items(item, "answer") {
            if !pays(rules, question, "answerOption", STEP) {
                return;
            }
            answer::check(rules, given, question);
            self.level(rules, given, question, enabled);
        }
        // Items below a question stand in its answers, those of a group in the group.
        if count == 0 {
            let group = text(question, "type").as_deref() == Some("group");
            self.level(rules, item, question, enabled && group);
        }
    }

    fn required(
        &self,
        rules: &mut Rules<'_>,
        given: Node<'r>,
        asked: Node<'q>,
        met: &BTreeMap<String, usize>,
    ) {
        for question in items(asked, "item") {
            if !pays(rules, question, "enableWhen", CONDITION) {
                return;
            }
            let link = text(question, "linkId").unwrap_or_default();
            let required = question.get("required").and_then(Node::as_bool) == Some(true);
            if required && !met.contains_key(&*link) && enabled::of(question, &self.answers) == Some(true) {
                let text = format!("the required item '{}' is missing", shown(&link));
                rules.error(given, Code::Required, text);
            }
        }
    }
}

/// Pays for an item and for what is in one list of its question.
fn pays(rules: &Rules<'_>, question: Node<'_>, list: &str, each: u64) -> bool {
    rules.steps.pay(STEP + each * items(question, list).count() as u64)
}

fn repeats(question: Node<'_>) -> bool {
    question.get("repeats").and_then(Node::as_bool) == Some(true)
}
