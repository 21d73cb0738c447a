//! How well a resource fits the words that are asked for: <https://hl7.org/fhir/R4/bundle.html#searchset> has it as `search.score`.
//!
//! It is made of the resource alone, so that it is the same on all nodes, whatever else is stored, and pages that are ordered by it lose and
//! repeat nothing while others write. That a word is rare adds nothing to it.

use crate::kind::words::WordsMatch;
use fhir::definitions::ParamId;
use fhir::index::{Value, Values};

/// Occurrences beyond the first few add less and less.
const SATURATION: f64 = 1.2;
/// Of so many words each occurrence counts as it does in plain BM25; in longer texts less, in shorter ones more.
const WORDS_USUAL: f64 = 100.0;
const BY_LENGTH: f64 = 0.75;

/// The words, starts of words and phrases that are asked for, each with where.
#[derive(Clone, Debug, Default)]
pub struct Relevance {
    asked: Vec<(WordsMatch, Vec<ParamId>)>,
}

impl Relevance {
    /// Takes what is asked for; the same in two places counts as in one.
    pub fn add(&mut self, param: ParamId, words: &WordsMatch) {
        match self.asked.iter_mut().find(|(known, _)| known == words) {
            Some((_, params)) if params.contains(&param) => {}
            Some((_, params)) => params.push(param),
            None => self.asked.push((words.clone(), vec![param])),
        }
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    /// Between 0, where none of it is there, and 1, which nothing reaches.
    pub fn score(&self, values: &Values<'_>) -> f64 {
        let each = self.asked.iter().map(|(words, params)| {
            let (mut times, mut length) = (0, 0);
            for value in params.iter().flat_map(|param| values.of(*param)) {
                let Value::Words(text) = value else { continue };
                times += words.times(text);
                length += text.len();
            }
            let times = times as f64;
            let by_length = 1.0 - BY_LENGTH + BY_LENGTH * length as f64 / WORDS_USUAL;
            times / (times + SATURATION * by_length)
        });
        // NaN is nowhere: the divisor is at least a quarter of the saturation.
        each.sum::<f64>() / self.asked.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::index::{ExtractOptions, FullText, extract, full_text::NARRATIVE};
    use fhir::json::{Document, Limits};

    fn score(text: &str, asked: &[WordsMatch]) -> f64 {
        let source = format!(
            r#"{{"resourceType":"Patient","text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{text}</div>"}}}}"#
        );
        let document = Document::parse(source, &Limits::default()).unwrap();
        let mut bytes = Vec::new();
        let options = ExtractOptions { words: FullText::Narrative, ..ExtractOptions::default() };
        extract(document.root(), &options, &mut bytes).unwrap();
        let mut relevance = Relevance::default();
        asked.iter().for_each(|words| relevance.add(NARRATIVE, words));
        relevance.score(&Values::trusted(&bytes))
    }

    #[test]
    fn more_of_it_in_less_text_fits_better() {
        let word = |text: &str| WordsMatch::Word(text.to_owned());
        let knee = [word("knee")];
        let ordered =
            ["hip", "a knee among many other words of the text", "knee", "knee and knee", "knee knee"];
        let scores: Vec<f64> = ordered.iter().map(|text| score(text, &knee)).collect();
        assert!(scores.is_sorted() && scores[0] == 0.0 && scores[4] < 1.0, "{scores:?}");
        assert!(scores.windows(2).all(|pair| pair[0] < pair[1]), "{scores:?}");
        let both = [word("knee"), word("pain")];
        assert!(score("knee pain", &both) > score("knee knee", &both));
        let phrase = [word("knee"), word("pain"), WordsMatch::Phrase(vec!["knee".into(), "pain".into()])];
        assert!(score("knee pain", &phrase) > score("pain, knee", &phrase));
        assert!(score("kneel", &[WordsMatch::Start("kne".into())]) > 0.0);
    }
}
