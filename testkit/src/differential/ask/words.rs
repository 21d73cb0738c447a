//! Words near to those that texts have.

use crate::naive::Text;
use generator::random::Random;

const OTHERS: [&str; 4] = ["nobody", "ann", "c1", "strasse"];

/// A word, a start of one, or words side by side; now and then in another order.
pub fn some(random: &mut Random, texts: &[Text]) -> String {
    if texts.is_empty() || random.chance(100) {
        return random.pick(&OTHERS).to_owned();
    }
    let text = &texts[random.below(texts.len() as u64) as usize];
    let at = random.below(text.len() as u64) as usize;
    let word = &text[at];
    match random.below(6) {
        0 => {
            let letters: Vec<char> = word.chars().collect();
            let start: String = letters[..1 + random.below(letters.len() as u64) as usize].iter().collect();
            format!("{start}*")
        }
        1 | 2 => {
            let end = text.len().min(at + 2 + random.below(2) as usize);
            let mut side_by_side: Vec<&str> = text[at..end].iter().map(String::as_str).collect();
            if random.chance(300) {
                side_by_side.reverse();
            }
            format!("\"{}\"", side_by_side.join(" "))
        }
        3 => format!("\"{}\"", word.to_uppercase()),
        // Else they would stand between others.
        _ if matches!(word.as_str(), "or" | "and" | "not") => format!("\"{word}\""),
        _ => word.clone(),
    }
}
