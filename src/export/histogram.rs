//! Histograms as Envoy's admin interface prints them: quantiles as text, buckets for Prometheus.
//!
//! The rules are those of libcircllhist, which Envoy counts with: a quantile lies within a bin as far
//! as its share of the values, a sum takes each value at its bin's middle. Must not know: who recorded.

use crate::model::Histogram;
use std::fmt::Write as _;

/// The quantiles that `/stats` prints, in percent.
const QUANTILES: [f64; 10] = [0.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 100.0];

/// The upper ends of the buckets for Prometheus that Envoy has when `stats_config` names none.
const BUCKETS: [f64; 19] = [
    0.5,
    1.0,
    5.0,
    10.0,
    25.0,
    50.0,
    100.0,
    250.0,
    500.0,
    1_000.0,
    2_500.0,
    5_000.0,
    10_000.0,
    30_000.0,
    60_000.0,
    300_000.0,
    600_000.0,
    1_800_000.0,
    3_600_000.0,
];

/// A bin: from, how wide, how many values.
struct Bin {
    from: f64,
    width: f64,
    count: f64,
}

/// The bins in their order. Those below 100 are narrower than a whole number: a 7 is in 7.0 to 7.1.
fn bins(histogram: &Histogram) -> impl Iterator<Item = Bin> {
    histogram.0.iter().map(|&(from, count)| Bin {
        from: from as f64,
        width: match from.checked_ilog10() {
            None => 0.0,
            Some(digits) => 10_f64.powi(digits as i32) / 10.0,
        },
        count: count as f64,
    })
}

/// What stands behind a histogram's name in `/stats`: each quantile of the last interval and of all
/// time. A run is one interval, whose values are merged when it ends.
pub(super) fn quantiles(histogram: &Histogram) -> String {
    if histogram.0.is_empty() {
        return "No recorded values".to_owned();
    }
    let each = QUANTILES.map(|percent| {
        let value = quantile(histogram, percent / 100.0);
        format!("P{percent}({value},{value})")
    });
    each.join(" ")
}

fn quantile(histogram: &Histogram, part: f64) -> f64 {
    let wanted = part * histogram.count() as f64;
    let mut below = 0.0;
    let mut last = 0.0;
    for bin in bins(histogram) {
        if wanted <= below + bin.count {
            return bin.from + (wanted - below) / bin.count * bin.width;
        }
        below += bin.count;
        last = bin.from + bin.width;
    }
    last
}

/// The lines of a histogram for Prometheus.
pub(super) fn buckets(out: &mut String, metric: &str, tags: &str, histogram: &Histogram) {
    let comma = if tags.is_empty() { "" } else { "," };
    let mut line = |le: &str, count: u64| {
        let _ = writeln!(out, "{metric}_bucket{{{tags}{comma}le=\"{le}\"}} {count}");
    };
    for end in BUCKETS {
        // A bin counts where all of it lies below the bucket's end.
        let within = bins(histogram).take_while(|bin| bin.from + bin.width <= end);
        let count: f64 = within.map(|bin| bin.count).sum();
        line(&end.to_string(), count as u64);
    }
    line("+Inf", histogram.count());
    let sum: f64 = bins(histogram)
        .map(|bin| (bin.from + bin.width / 2.0) * bin.count)
        .sum();
    let _ = writeln!(out, "{metric}_sum{{{tags}}} {sum}");
    let _ = writeln!(out, "{metric}_count{{{tags}}} {}", histogram.count());
}
