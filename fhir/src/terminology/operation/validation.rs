//! What both `$validate-code` have in common: the verdict and how displays are compared.

use super::answer::Answer;
use crate::terminology::code_system::is_same_display;

/// Whether a code is valid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    pub result: bool,
    /// Why it is not valid, or what to mind although it is.
    pub message: Option<String>,
    /// The display to use.
    pub display: Option<String>,
}

impl Verdict {
    pub fn no(message: String) -> Verdict {
        Verdict { message: Some(message), ..Verdict::default() }
    }

    /// It may be valid; why that is not certain.
    pub fn doubtful(message: String) -> Verdict {
        Verdict { result: true, message: Some(message), display: None }
    }

    /// Of several codings of one concept: the first that is valid, else all that is wrong.
    pub fn of_concept(mut verdicts: Vec<Verdict>) -> Verdict {
        if let Some(valid) = verdicts.iter().position(|verdict| verdict.result) {
            return verdicts.swap_remove(valid);
        }
        if verdicts.len() == 1 {
            return verdicts.remove(0);
        }
        let messages: Vec<_> = verdicts.into_iter().filter_map(|verdict| verdict.message).collect();
        match messages.is_empty() {
            true => Verdict::no("the concept has no coding".into()),
            false => Verdict::no(messages.join("; ")),
        }
    }

    /// With a hint, unless there is something else to say.
    pub fn with_hint(mut self, hint: impl FnOnce() -> String) -> Verdict {
        self.message = self.message.or_else(|| Some(hint()));
        self
    }

    pub fn write(&self) -> Vec<u8> {
        let mut answer = Answer::new();
        answer.flag("result", self.result);
        if let Some(message) = &self.message {
            answer.text("message", "String", message);
        }
        if let Some(display) = &self.display {
            answer.text("display", "String", display);
        }
        answer.finish()
    }
}

/// The verdict on a code that exists, by what is said of its display: it must be one of `known`, whatever its case and white space.
/// A concept without any display takes each. `usual` is the display to use. `lenient`: another display is worth a message only.
pub(super) fn of_display(
    name: &str,
    asked: Option<&str>,
    usual: Option<&str>,
    known: Vec<&str>,
    lenient: bool,
) -> Verdict {
    let display = usual.map(str::to_owned);
    let is_right = |asked: &str| {
        // What is called nothing may be called anything.
        let mut texts = known.iter().chain(&usual).peekable();
        texts.peek().is_none() || texts.any(|one| is_same_display(one, asked))
    };
    let Some(asked) = asked.filter(|asked| !is_right(asked)) else {
        return Verdict { result: true, message: None, display };
    };
    let instead = usual.map(|usual| format!("; it should be '{usual}'")).unwrap_or_default();
    let message = Some(format!("the display '{asked}' is not one of {name}{instead}"));
    Verdict { result: lenient, message, display }
}
