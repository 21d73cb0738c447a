//! A response beside its questionnaire, item by item.

use super::super::{Rules, items, shown, text};
use super::given::{Given, Place, has_value};
use super::questions::{Question, Questions};
use super::value_sets::ValueSets;
use super::{answer, enabled, limits};
use crate::json::Node;
use crate::validation::Code;
use std::collections::BTreeMap;

/// What looking at an item or an option costs, in steps of FHIRPath.
const STEP: u64 = 8;

/// What a condition costs, which is compared with up to as many answers.
const CONDITION: u64 = 64;

/// A response and its questionnaire.
pub(super) struct Form<'q, 'r> {
    questions: Questions<'q>,
    given: Given<'r>,
    /// What is required must be there.
    complete: bool,
    value_sets: ValueSets<'q>,
}

/// What is around an item.
#[derive(Clone, Copy)]
struct Around {
    /// The number of the question it is below.
    asked: Option<usize>,
    /// The place of the item it is in.
    place: Option<usize>,
    /// Whether that is enabled, and all around it.
    enabled: Option<bool>,
}

impl<'q, 'r> Form<'q, 'r> {
    pub fn new(response: Node<'r>, questionnaire: Node<'q>, value_sets: ValueSets<'q>) -> Self {
        let questions = Questions::of(questionnaire);
        let status = text(response, "status");
        Form {
            given: Given::of(response, &questions),
            questions,
            complete: matches!(status.as_deref(), Some("completed" | "amended")),
            value_sets,
        }
    }

    pub fn check(&self, rules: &mut Rules<'_>, response: Node<'r>) {
        if rules.steps.pay(STEP * self.questions.count() as u64) {
            self.level(rules, response, Around { asked: None, place: None, enabled: Some(true) });
        }
    }

    /// The items directly in `holder` (the response, an item, an answer). Depth is bounded by the document's.
    fn level(&self, rules: &mut Rules<'_>, holder: Node<'r>, around: Around) {
        let mut met: BTreeMap<usize, usize> = BTreeMap::new();
        let mut last = 0;
        for item in items(holder, "item") {
            if !rules.steps.pay(STEP) {
                return;
            }
            let Some(number) = self.question_of(rules, item, around) else { continue };
            if number < last {
                let text = format!(
                    "'{}' comes before '{}' in the questionnaire; keep its order",
                    shown(&self.questions.get(number).link),
                    shown(&self.questions.get(last).link)
                );
                rules.error(item, Code::Structure, text);
            }
            last = last.max(number);
            let count = met.entry(number).or_default();
            *count += 1;
            if *count == 2 && !self.questions.get(number).repeats {
                rules.error(item, Code::Structure, "a second item of a question that does not repeat".into());
            }
            self.item(rules, item, number, around);
        }
        if self.complete && around.enabled == Some(true) {
            self.missing(rules, holder, around, &met);
        }
    }

    /// The number of an item's question, if it belongs where the item is.
    fn question_of(&self, rules: &mut Rules<'_>, item: Node<'r>, around: Around) -> Option<usize> {
        let link = text(item, "linkId")?;
        let number = self.questions.find(&link);
        let parent = number.map(|number| self.questions.get(number).parent);
        let text = match parent {
            Some(parent) if parent == around.asked => return number,
            None => format!("the questionnaire has no item '{}'", shown(&link)),
            Some(None) => {
                format!("the questionnaire has no item '{}' here: it is at the top", shown(&link))
            }
            Some(Some(parent)) => format!(
                "the questionnaire has no item '{}' here: it is below '{}'",
                shown(&link),
                shown(&self.questions.get(parent).link)
            ),
        };
        rules.error(item, Code::Structure, text);
        None
    }

    fn item(&self, rules: &mut Rules<'_>, item: Node<'r>, number: usize, around: Around) {
        let question = self.questions.get(number);
        let Some(place) =
            self.given.place_of(item).filter(|_| pays(rules, question.node, "enableWhen", CONDITION))
        else {
            return;
        };
        let own = self.is_enabled(question, self.given.at(place));
        let enabled = enabled::both(around.enabled, own);
        // Said once, of the outermost.
        if own == Some(false) && around.enabled != Some(false) && self.given.is_answered(place) {
            let text = "this is answered, but not enabled by the answers to others (enableWhen); take the answer out".into();
            rules.error(item, Code::BusinessRule, text);
        }
        let within = Around { asked: Some(number), place: Some(place), enabled };
        match &*question.kind {
            "group" => self.group(rules, item, within),
            "display" => unanswered(rules, item, "a text that is displayed has no answers and no items"),
            _ => self.question(rules, item, question, within),
        }
    }

    fn group(&self, rules: &mut Rules<'_>, item: Node<'r>, within: Around) {
        if let Some(answer) = items(item, "answer").next() {
            let text = "a group has no answers; put its items directly into it".into();
            rules.error(answer, Code::Structure, text);
        }
        self.level(rules, item, within);
    }

    fn question(&self, rules: &mut Rules<'_>, item: Node<'r>, question: &Question<'q>, within: Around) {
        if let Some(below) = items(item, "item").next() {
            let text = "items below a question stand in its answers; move them to answer.item".into();
            rules.error(below, Code::Structure, text);
        }
        let count = items(item, "answer").count();
        if count > 1 && !question.repeats {
            let text = format!("{count} answers to a question that does not repeat");
            rules.error(item, Code::Structure, text);
        }
        limits::occurrences_max(rules, item, question.node, count);
        for given in items(item, "answer") {
            if !pays(rules, question.node, "answerOption", STEP)
                || !pays(rules, question.node, "extension", STEP)
            {
                return;
            }
            answer::check(rules, &self.value_sets, given, question);
            self.level(rules, given, within);
        }
        if self.complete && within.enabled == Some(true) {
            enough(rules, item, question);
        }
    }

    /// What should be in `holder`, and is not there, or not often enough.
    fn missing(&self, rules: &mut Rules<'_>, holder: Node<'r>, around: Around, met: &BTreeMap<usize, usize>) {
        for number in self.questions.below(around.asked) {
            let question = self.questions.get(number);
            if !pays(rules, question.node, "enableWhen", CONDITION) {
                return;
            }
            let count = met.get(&number).copied().unwrap_or_default();
            let least = least(question);
            // Of a question not its items count, but the answers in its one item.
            let is_enough = if question.kind == "group" { count >= least } else { count > 0 || least == 0 };
            if is_enough || self.is_enabled(question, self.given.missing_in(around.place)) != Some(true) {
                continue;
            }
            let link = shown(&question.link);
            let text = match count {
                0 => format!("the required item '{link}' is missing"),
                _ => format!("'{link}' is there {count} times; the questionnaire asks for at least {least}"),
            };
            rules.error(holder, Code::Required, text);
        }
    }

    fn is_enabled(&self, question: &Question<'q>, from: Place) -> Option<bool> {
        enabled::of(question.node, |link| match self.questions.find(link) {
            Some(other) => self.given.answers_to(other, from, &self.questions),
            None => Vec::new(),
        })
    }
}

/// How often a question must be answered, or a group be there, at least.
fn least(question: &Question<'_>) -> usize {
    limits::occurrences_min(question.node).max(usize::from(question.required))
}

/// Whether an item of a question has as many answers as it must have.
fn enough(rules: &mut Rules<'_>, item: Node<'_>, question: &Question<'_>) {
    let (count, least) = (items(item, "answer").filter(|answer| has_value(*answer)).count(), least(question));
    let text = match count {
        _ if count >= least => return,
        0 => format!("the required question '{}' has no answer", shown(&question.link)),
        _ => format!("{count} answers; the questionnaire asks for at least {least}"),
    };
    rules.error(item, Code::Required, text);
}

fn unanswered(rules: &mut Rules<'_>, item: Node<'_>, text: &str) {
    if items(item, "answer").chain(items(item, "item")).next().is_some() {
        rules.error(item, Code::Structure, text.to_owned());
    }
}

/// Pays for an item and for what is in one list of its question.
fn pays(rules: &Rules<'_>, question: Node<'_>, list: &str, each: u64) -> bool {
    rules.steps.pay(STEP + each * items(question, list).count() as u64)
}
