//! How far a tool's confidence can be relied on: of the zones it was so sure of, how many did people change?

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Tenths of confidence: 0–0.1, …, 0.9–1.0.
pub const BUCKETS: usize = 10;
/// How many changed zones are few enough to go unreviewed.
const FEW: f64 = 0.05;
/// The normal distribution's quantile of a 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

/// Which verdicts to count.
#[derive(Debug, Clone, Default)]
pub struct CalibrationFilter {
    /// Only of this tool.
    pub processing_tool: Option<String>,
    /// Only of this model.
    pub processing_model: Option<String>,
    /// Only of zones that the tool gave this type.
    pub zone_type: Option<String>,
    /// Only verdicts since then.
    pub since: Option<Timestamp>,
}

/// Verdicts on the zones of a tool, a model and a type in one tenth of confidence.
#[derive(Debug, Clone)]
pub struct Verdicts {
    /// The tool.
    pub processing_tool: Option<String>,
    /// The model that it used.
    pub processing_model: Option<String>,
    /// Label that the tool gave.
    pub zone_type: Option<String>,
    /// The tenth, 0 to 9.
    pub bucket: usize,
    /// Zones that people looked at.
    pub verdicts: u64,
    /// Those that they changed.
    pub changed: u64,
    /// The confidences of all of them together.
    pub confidence_sum: f64,
}

/// How a tool's confidence agrees with people.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// The tool.
    pub processing_tool: Option<String>,
    /// The model that it used.
    pub processing_model: Option<String>,
    /// Label that the tool gave; absent: all of them together.
    pub zone_type: Option<String>,
    /// Zones that people looked at, and what came of it.
    pub all: Bucket,
    /// The tenths that occur.
    pub buckets: Vec<Bucket>,
    /// Expected calibration error: how far confidence and the share of unchanged zones lie apart, weighted by zones.
    pub expected_calibration_error: f64,
    /// From this confidence on few zones are changed, so far as can be told (the whole interval lies below 5 %): what is
    /// below should be looked at. Absent: that holds nowhere, or too few zones were looked at.
    pub review_below: Option<f64>,
}

/// Zones of one range of confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Confidence from.
    pub from: f64,
    /// To.
    pub to: f64,
    /// Zones that people looked at.
    pub verdicts: u64,
    /// Those that they changed.
    pub changed: u64,
    /// Share of the changed.
    pub share: f64,
    /// Wilson's 95 % interval of the share.
    pub interval: (f64, f64),
    /// Mean confidence.
    pub mean_confidence: f64,
}

/// One calibration for each tool, model and type, after one for all types of that tool and model together.
pub fn calibrate(verdicts: &[Verdicts]) -> Vec<Calibration> {
    let mut groups: BTreeMap<_, [(u64, u64, f64); BUCKETS]> = BTreeMap::new();
    for v in verdicts {
        // What has no type counts among all types.
        for zone_type in [Some(None), v.zone_type.clone().map(Some)].into_iter().flatten() {
            let key = (v.processing_tool.clone(), v.processing_model.clone(), zone_type);
            let bucket = &mut groups.entry(key).or_default()[v.bucket.min(BUCKETS - 1)];
            bucket.0 += v.verdicts;
            bucket.1 += v.changed;
            bucket.2 += v.confidence_sum;
        }
    }
    groups.into_iter().map(|((tool, model, zone_type), counts)| of(tool, model, zone_type, &counts)).collect()
}

#[allow(clippy::cast_precision_loss, reason = "counts of verdicts are far below 2^52")]
fn of(
    processing_tool: Option<String>,
    processing_model: Option<String>,
    zone_type: Option<String>,
    counts: &[(u64, u64, f64); BUCKETS],
) -> Calibration {
    let between = |first: usize, last: usize| {
        let (verdicts, changed, sum) =
            counts[first..=last].iter().fold((0, 0, 0.0), |(n, k, sum), (verdicts, changed, more)| {
                (n + verdicts, k + changed, sum + more)
            });
        let share = if verdicts == 0 { 0.0 } else { changed as f64 / verdicts as f64 };
        let mean_confidence = if verdicts == 0 { 0.0 } else { sum / verdicts as f64 };
        let (from, to) = (first as f64 / 10.0, (last + 1) as f64 / 10.0);
        Bucket { from, to, verdicts, changed, share, interval: wilson(changed, verdicts), mean_confidence }
    };
    let all = between(0, BUCKETS - 1);
    let buckets: Vec<Bucket> = (0..BUCKETS).map(|n| between(n, n)).filter(|b| b.verdicts > 0).collect();
    let apart = |b: &Bucket| b.verdicts as f64 * ((1.0 - b.share) - b.mean_confidence).abs();
    let expected_calibration_error = buckets.iter().map(apart).sum::<f64>() / (all.verdicts as f64).max(1.0);
    let few = |first: &usize| {
        let above = between(*first, BUCKETS - 1);
        above.verdicts > 0 && above.interval.1 < FEW
    };
    let review_below = (0..BUCKETS).find(few).map(|first| first as f64 / 10.0);
    Calibration {
        processing_tool,
        processing_model,
        zone_type,
        all,
        buckets,
        expected_calibration_error,
        review_below,
    }
}

/// Wilson's score interval: holds for few verdicts and for shares of 0 and 1, too.
#[allow(clippy::cast_precision_loss, reason = "as above")]
pub fn wilson(changed: u64, verdicts: u64) -> (f64, f64) {
    if verdicts == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (verdicts as f64, changed as f64 / verdicts as f64);
    let middle = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(zone_type: &str, bucket: usize, verdicts: u64, changed: u64, confidence: f64) -> Verdicts {
        Verdicts {
            processing_tool: Some("ocr".into()),
            processing_model: None,
            zone_type: Some(zone_type.into()),
            bucket,
            verdicts,
            changed,
            #[allow(clippy::cast_precision_loss, reason = "small numbers")]
            confidence_sum: confidence * verdicts as f64,
        }
    }

    #[test]
    fn the_interval_is_wilsons() {
        // Newcombe 1998, table I: 81 of 263, and 0 of 20.
        let (low, high) = wilson(81, 263);
        assert!((low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5, "{low} {high}");
        let (low, high) = wilson(0, 20);
        assert!(low.abs() < 1e-12 && (high - 0.1611).abs() < 5e-5, "{low} {high}");
        assert_eq!(wilson(0, 0), (0.0, 1.0));
    }

    #[test]
    fn types_are_counted_by_themselves_and_together_and_the_error_is_weighted() {
        let found = calibrate(&[
            verdicts("text", 9, 300, 3, 0.95),
            verdicts("table", 9, 100, 50, 0.9),
            verdicts("text", 5, 100, 60, 0.5),
        ]);
        let types: Vec<_> = found.iter().map(|c| c.zone_type.as_deref()).collect();
        assert_eq!(types, [None, Some("table"), Some("text")]);
        let (all, text) = (&found[0], &found[2]);
        assert_eq!((all.all.verdicts, all.all.changed), (500, 113));
        assert_eq!((text.buckets.len(), text.buckets[1].changed), (2, 3));
        // (300 · |0.99 − 0.95| + 100 · |0.4 − 0.5|) / 400
        assert!((text.expected_calibration_error - 0.055).abs() < 1e-9, "{text:?}");
        assert_eq!(text.review_below, Some(0.6), "the upper bound of 3 of 300 is below 5 %");
        assert_eq!(found[1].review_below, None);
    }
}
