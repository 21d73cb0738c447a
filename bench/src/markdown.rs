//! A [`Report`] as Markdown.

use crate::{
    machine::Machine,
    report::{Fact, Figures, Outcome, Report, Row, Section},
};
use std::fmt::Write;

/// Below this part of its floor a row is marked: a defect to explain or fix.
const FLOOR_PART_MIN: f64 = 1.0 / 3.0;

const HEAD: &str = "\
| what | connections | in flight | per second | p50 ms | p99 ms | max ms | server CPU µs | client CPU µs | of floor | notes |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|
";

/// The whole report.
pub fn render(report: &Report) -> String {
    let mut out = String::from("# Salamander, measured\n\n");
    machine(&mut out, &report.machine);
    facts(&mut out, &report.settings);
    for section in &report.sections {
        render_section(&mut out, section);
    }
    let failures = report.failures();
    if !failures.is_empty() {
        out.push_str("## Failed\n\n");
        for failure in failures {
            line(&mut out, format_args!("- {}", cell(&failure)));
        }
    }
    out
}

/// One section: title, what it is, rows, facts.
pub fn render_section(out: &mut String, section: &Section) {
    line(out, format_args!("## {}\n\n{}\n", section.title, section.about));
    if !section.rows.is_empty() {
        out.push_str(HEAD);
        for row in &section.rows {
            render_row(out, row);
        }
        out.push('\n');
    }
    facts(out, &section.facts);
}

/// The header: what was measured on.
pub fn machine(out: &mut String, machine: &Machine) {
    let rows = [
        Fact::new("CPU", format!("{}, {} cores", machine.cpu, machine.cores)),
        Fact::new("memory", bytes(machine.memory_bytes)),
        Fact::new("kernel", &machine.kernel),
        Fact::new("filesystem", &machine.filesystem),
        Fact::new("rustc", &machine.rustc),
        Fact::new("commit", &machine.commit),
        Fact::new("load average before", &machine.load_before),
    ];
    facts(out, &rows);
}

/// Facts as a table of two columns.
pub fn facts(out: &mut String, facts: &[Fact]) {
    if facts.is_empty() {
        return;
    }
    out.push_str("| | |\n|---|---|\n");
    for fact in facts {
        line(out, format_args!("| {} | {} |", cell(&fact.name), cell(&fact.value)));
    }
    out.push('\n');
}

fn render_row(out: &mut String, row: &Row) {
    let start = format!("| {} | {} | {} |", cell(&row.what), row.connections, row.in_flight);
    match &row.outcome {
        Outcome::Failed { error } => {
            line(out, format_args!("{start} **FAILED** | | | | | | | {} |", cell(error)))
        }
        Outcome::Measured(figures) => line(out, format_args!("{start} {}", measured(figures))),
    }
}

fn measured(figures: &Figures) -> String {
    let floor = match figures.of_floor {
        None => String::new(),
        Some(part) if part < FLOOR_PART_MIN => format!("**{part:.2}**"),
        Some(part) => format!("{part:.2}"),
    };
    let columns = [
        thousands(figures.per_second),
        milliseconds(figures.p50_us),
        milliseconds(figures.p99_us),
        milliseconds(figures.max_us),
        figures.server_cpu_us.map(microseconds).unwrap_or_default(),
        microseconds(figures.client_cpu_us),
        floor,
        cell(&figures.notes.join("; ")),
    ];
    format!("{} |", columns.join(" | "))
}

/// `12345.6` as `12,346`; below ten with one decimal.
pub fn thousands(value: f64) -> String {
    if value < 9.95 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Microseconds as milliseconds, two or three significant digits where small.
fn milliseconds(microseconds: f64) -> String {
    let milliseconds = microseconds / 1000.0;
    match milliseconds {
        small if small < 10.0 => format!("{small:.3}"),
        middle if middle < 100.0 => format!("{middle:.1}"),
        large => thousands(large),
    }
}

fn microseconds(value: f64) -> String {
    thousands(value)
}

/// Bytes in the unit that suits them.
pub fn bytes(value: u64) -> String {
    match value as f64 {
        value if value >= 1e9 => format!("{:.2} GB", value / 1e9),
        value if value >= 1e6 => format!("{:.1} MB", value / 1e6),
        value => format!("{:.1} kB", value / 1e3),
    }
}

/// Text that stays within its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

fn line(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{arguments}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_as_people_read_them() {
        let cases =
            [(0.44, "0.4"), (12.0, "12"), (999.4, "999"), (1000.0, "1,000"), (1_234_567.8, "1,234,568")];
        for (value, text) in cases {
            assert_eq!(thousands(value), text);
        }
        let cases = [(12.5, "0.013"), (9999.0, "9.999"), (25_040.0, "25.0"), (1_500_000.0, "1,500")];
        for (value, text) in cases {
            assert_eq!(milliseconds(value), text);
        }
        assert_eq!(
            (bytes(900), bytes(2_500_000), bytes(3_000_000_000)),
            ("0.9 kB".into(), "2.5 MB".into(), "3.00 GB".into())
        );
        assert_eq!(cell("a|b\nc"), "a\\|b c");
    }
}
