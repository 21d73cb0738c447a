//! The numbers of a series, summed up.
//!
//! Quantiles are interpolated between the two nearest numbers, as spreadsheets do; variance and standard deviation are those of a sample (n − 1); skew
//! and kurtosis are the third and fourth standardized moments (a normal distribution has kurtosis 3); the regression is by least
//! squares over days since the first measurement.

use super::statistic::Statistic;

/// What a number is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// The unit of the measurements.
    Unit,
    Squared,
    PerDay,
    /// A number of things, or a ratio.
    One,
}

/// One result; `None`: these measurements have none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Where a statistic has several.
    pub name: &'static str,
    pub number: Option<f64>,
    pub dimension: Dimension,
}

const DAY_MS: f64 = 86_400_000.0;

/// Of one series.
pub struct Summary {
    /// In order of size.
    sorted: Vec<f64>,
    /// Days since the first, and the number then.
    timed: Vec<(f64, f64)>,
    total: usize,
}

impl Summary {
    /// Of these numbers and when they were measured, and of how many observations they come.
    pub fn of(numbers: &[(f64, Option<i64>)], total: usize) -> Summary {
        let mut sorted: Vec<f64> = numbers.iter().map(|(number, _)| *number).collect();
        sorted.sort_by(f64::total_cmp);
        let first = numbers.iter().filter_map(|(_, at)| *at).min().unwrap_or_default();
        let day = |at: i64| (at - first) as f64 / DAY_MS;
        let timed = numbers.iter().filter_map(|(number, at)| Some((day((*at)?), *number))).collect();
        Summary { sorted, timed, total }
    }

    /// What a statistic says of it.
    pub fn figures(&self, statistic: Statistic) -> Vec<Figure> {
        let figure = |number, dimension| vec![Figure { name: "", number, dimension }];
        let unit = |number| figure(number, Dimension::Unit);
        match statistic {
            Statistic::Count => figure(Some(self.sorted.len() as f64), Dimension::One),
            Statistic::TotalCount => figure(Some(self.total as f64), Dimension::One),
            Statistic::Average => unit(self.mean()),
            Statistic::Maximum => unit(self.sorted.last().copied()),
            Statistic::Minimum => unit(self.sorted.first().copied()),
            Statistic::Sum => unit((!self.sorted.is_empty()).then(|| self.sorted.iter().sum())),
            Statistic::Median => unit(self.quantile(0.5)),
            Statistic::Percent20 | Statistic::Quintile1 => unit(self.quantile(0.2)),
            Statistic::Quintile2 => unit(self.quantile(0.4)),
            Statistic::Quintile3 => unit(self.quantile(0.6)),
            Statistic::Percent80 | Statistic::Quintile4 => unit(self.quantile(0.8)),
            Statistic::LowerQuartile => unit(self.quantile(0.25)),
            Statistic::UpperQuartile => unit(self.quantile(0.75)),
            Statistic::QuartileDeviation => {
                unit(self.quantile(0.75).zip(self.quantile(0.25)).map(|(high, low)| (high - low) / 2.0))
            }
            Statistic::Variance => figure(self.variance(), Dimension::Squared),
            Statistic::StdDev => unit(self.variance().map(f64::sqrt)),
            Statistic::Skew => figure(self.standardized(3), Dimension::One),
            Statistic::Kurtosis => figure(self.standardized(4), Dimension::One),
            Statistic::Regression => {
                let line = self.regression();
                vec![
                    Figure {
                        name: "gradient",
                        number: line.map(|line| line.0),
                        dimension: Dimension::PerDay,
                    },
                    Figure { name: "intercept", number: line.map(|line| line.1), dimension: Dimension::Unit },
                ]
            }
        }
    }

    fn count(&self) -> f64 {
        self.sorted.len() as f64
    }

    fn mean(&self) -> Option<f64> {
        (!self.sorted.is_empty()).then(|| self.sorted.iter().sum::<f64>() / self.count())
    }

    fn quantile(&self, part: f64) -> Option<f64> {
        let last = self.sorted.len().checked_sub(1)?;
        let place = part * last as f64;
        let (low, high) = (self.sorted[place.floor() as usize], self.sorted[place.ceil() as usize]);
        Some(low + (high - low) * place.fract())
    }

    /// The mean of the differences from the mean, to the power of `order`.
    fn moment(&self, order: i32) -> Option<f64> {
        let mean = self.mean()?;
        Some(self.sorted.iter().map(|number| (number - mean).powi(order)).sum::<f64>() / self.count())
    }

    fn variance(&self) -> Option<f64> {
        (self.sorted.len() > 1).then_some(())?;
        Some(self.moment(2)? * self.count() / (self.count() - 1.0))
    }

    fn standardized(&self, order: i32) -> Option<f64> {
        let deviation = self.moment(2)?.sqrt();
        (deviation > 0.0).then_some(())?;
        Some(self.moment(order)? / deviation.powi(order))
    }

    /// Gradient and intercept.
    fn regression(&self) -> Option<(f64, f64)> {
        let count = self.timed.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| self.timed.iter().map(of).sum::<f64>() / count;
        let (days, numbers) = (mean(|point| point.0), mean(|point| point.1));
        let spread: f64 = self.timed.iter().map(|(day, _)| (day - days).powi(2)).sum();
        (spread > 0.0).then_some(())?;
        let together: f64 = self.timed.iter().map(|(day, number)| (day - days) * (number - numbers)).sum();
        let gradient = together / spread;
        Some((gradient, numbers - gradient * days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: &[f64]) -> Summary {
        // One a day.
        let numbers: Vec<_> =
            numbers.iter().zip(0..).map(|(number, day)| (*number, Some(day * 86_400_000))).collect();
        Summary::of(&numbers, numbers.len() + 1)
    }

    #[test]
    fn every_statistic_of_some_numbers() {
        let summary = of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        // Computed by other means than this.
        let expected: [(&str, &[f64]); 21] = [
            ("average", &[5.0]),
            ("maximum", &[9.0]),
            ("minimum", &[2.0]),
            ("count", &[8.0]),
            ("total-count", &[9.0]),
            ("median", &[4.5]),
            ("std-dev", &[2.138_089_935]),
            ("sum", &[40.0]),
            ("variance", &[4.571_428_571]),
            ("20-percent", &[4.0]),
            ("80-percent", &[6.2]),
            ("4-lower", &[4.0]),
            ("4-upper", &[5.5]),
            ("4-dev", &[0.75]),
            ("5-1", &[4.0]),
            ("5-2", &[4.0]),
            ("5-3", &[5.0]),
            ("5-4", &[6.2]),
            ("skew", &[0.656_25]),
            ("kurtosis", &[2.781_25]),
            ("regression", &[0.809_523_809_5, 2.166_666_666_7]),
        ];
        assert_eq!(expected.len(), Statistic::ALL.len());
        for (code, numbers) in expected {
            let figures = summary.figures(Statistic::from_code(code).unwrap());
            assert_eq!(figures.len(), numbers.len(), "{code}");
            for (figure, number) in figures.iter().zip(numbers) {
                let found = figure.number.unwrap();
                assert!((found - number).abs() < 1e-8, "{code}: {found}, not {number}");
            }
        }
    }

    #[test]
    fn what_few_numbers_do_not_tell() {
        let none = |numbers: &[f64]| {
            let summary = of(numbers);
            let lacks = |statistic: &&Statistic| {
                summary.figures(**statistic).iter().all(|figure| figure.number.is_none())
            };
            Statistic::ALL.iter().filter(lacks).map(|statistic| statistic.code()).collect::<Vec<_>>()
        };
        assert_eq!(none(&[]).len(), Statistic::ALL.len() - 2);
        assert_eq!(none(&[1.0]), ["std-dev", "variance", "skew", "kurtosis", "regression"]);
        assert_eq!(none(&[1.0, 1.0]), ["skew", "kurtosis"]);
        assert_eq!(none(&[1.0, 2.0]), [""; 0]);
    }
}
