//! The codes of <https://hl7.org/fhir/R4/valueset-observation-statistics.html>.

macro_rules! statistics {
    ($($name:ident, $code:literal, $display:literal;)*) => {
        /// What can be computed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Statistic { $($name),* }

        impl Statistic {
            /// All of them.
            pub const ALL: &'static [Statistic] = &[$(Statistic::$name),*];

            /// Its code.
            pub fn code(self) -> &'static str { match self { $(Statistic::$name => $code),* } }

            /// Its name for people.
            pub fn display(self) -> &'static str { match self { $(Statistic::$name => $display),* } }
        }
    };
}

statistics! {
    Average, "average", "Average";
    Maximum, "maximum", "Maximum";
    Minimum, "minimum", "Minimum";
    Count, "count", "Count";
    TotalCount, "total-count", "Total Count";
    Median, "median", "Median";
    StdDev, "std-dev", "Standard Deviation";
    Sum, "sum", "Sum";
    Variance, "variance", "Variance";
    Percent20, "20-percent", "20th Percentile";
    Percent80, "80-percent", "80th Percentile";
    LowerQuartile, "4-lower", "Lower Quartile";
    UpperQuartile, "4-upper", "Upper Quartile";
    QuartileDeviation, "4-dev", "Quartile Deviation";
    Quintile1, "5-1", "1st Quintile";
    Quintile2, "5-2", "2nd Quintile";
    Quintile3, "5-3", "3rd Quintile";
    Quintile4, "5-4", "4th Quintile";
    Skew, "skew", "Skew";
    Kurtosis, "kurtosis", "Kurtosis";
    Regression, "regression", "Regression";
}

impl Statistic {
    /// Of that code; `max` and `min` as the operation's definition spells them, too.
    pub fn from_code(code: &str) -> Option<Statistic> {
        let code = match code {
            "max" => "maximum",
            "min" => "minimum",
            code => code,
        };
        Statistic::ALL.iter().copied().find(|statistic| statistic.code() == code)
    }
}
