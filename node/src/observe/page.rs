//! Prometheus' text format 0.0.4, for figures that are taken when the page is asked for.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::fmt::Write;

/// The page so far.
#[derive(Default)]
pub struct Page(String);

/// What a family's numbers are.
#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
    Summary,
}

/// One metric's name; its samples follow.
pub struct Family<'p> {
    page: &'p mut String,
    name: &'static str,
}

impl Page {
    /// Something that only grows; the name ends in `_total`.
    pub fn counter(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, Kind::Counter, help)
    }

    /// Something that goes up and down.
    pub fn gauge(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, Kind::Gauge, help)
    }

    /// A sum, and how many times something was added to it; see [`Family::sums`].
    pub fn summary(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, Kind::Summary, help)
    }

    fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> Family<'_> {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Summary => "summary",
        };
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        Family { page: &mut self.0, name }
    }

    /// The text.
    pub fn finish(self) -> String {
        self.0
    }
}

impl Family<'_> {
    /// A sample with labels (name and value).
    pub fn with(self, labels: &[(&str, &str)], value: f64) -> Self {
        self.sample("", labels, value)
    }

    /// The only sample, without labels.
    pub fn is(self, value: f64) {
        self.sample("", &[], value);
    }

    /// A sample of a summary without quantiles.
    pub fn sums(self, labels: &[(&str, &str)], sum: f64, count: u64) -> Self {
        self.sample("_sum", labels, sum).sample("_count", labels, count as f64)
    }

    fn sample(self, suffix: &str, labels: &[(&str, &str)], value: f64) -> Self {
        let _ = write!(self.page, "{}{suffix}", self.name);
        for (place, (name, value)) in labels.iter().enumerate() {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.page, "{}{name}=\"{value}\"", if place == 0 { '{' } else { ',' });
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.page, "{end} {value}");
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_have_help_type_and_samples() {
        let mut page = Page::default();
        page.gauge("a", "What \\ it\nis").with(&[("x", "1"), ("y", "q\"\\\n")], 0.5).with(&[("x", "2")], 3.0);
        page.counter("b_total", "B").is(1e6);
        page.summary("c_seconds", "C").sums(&[("s", "t")], 1.25, 7);
        let expected = r#"# HELP a What \\ it\nis
# TYPE a gauge
a{x="1",y="q\"\\\n"} 0.5
a{x="2"} 3
# HELP b_total B
# TYPE b_total counter
b_total 1000000
# HELP c_seconds C
# TYPE c_seconds summary
c_seconds_sum{s="t"} 1.25
c_seconds_count{s="t"} 7
"#;
        assert_eq!(page.finish(), expected);
    }
}
