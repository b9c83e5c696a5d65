//! A histogram as Envoy keeps one: how many values fell into each of its log-linear bins.
//!
//! Must not know: how its quantiles are printed.

use serde::{Deserialize, Serialize};

/// How many values each bin has, the lowest bin first. A bin is named by the lowest value in it: from
/// 0 to 99 every number has one of its own, above that the first two digits decide (1200 to 1299 is
/// one bin). These are the bins of libcircllhist, which Envoy uses, so that memory stays small
/// whatever is recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram(pub Vec<(u64, u64)>);

impl Histogram {
    /// Adds a value.
    pub fn record(&mut self, value: u64) {
        let width = Self::width(value);
        let bin = value / width * width;
        match self.0.binary_search_by_key(&bin, |(bin, _)| *bin) {
            Ok(at) => self.0[at].1 += 1,
            Err(at) => self.0.insert(at, (bin, 1)),
        }
    }

    /// How many values were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// How many numbers share the bin of a value.
    fn width(value: u64) -> u64 {
        match value.checked_ilog10() {
            Some(digits @ 2..) => 10_u64.pow(digits - 1),
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;

    #[test]
    fn two_digits_decide_the_bin() {
        for (value, bin) in [
            (0, 0),
            (1, 1),
            (99, 99),
            (100, 100),
            (109, 100),
            (110, 110),
            (1299, 1200),
            (u64::MAX, 18_000_000_000_000_000_000),
        ] {
            let mut histogram = Histogram::default();
            histogram.record(value);
            histogram.record(value);
            assert_eq!(histogram.0, [(bin, 2)], "{value}");
            assert_eq!(histogram.count(), 2);
        }
    }
}
