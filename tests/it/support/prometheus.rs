//! A strict parser of Prometheus' text format 0.0.4: every family has HELP and TYPE before its
//! samples and is in one piece, no series comes twice, and histograms add up.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A series: its name and its labels, in the order of their names.
type Series = (String, BTreeMap<String, String>);

/// The samples of one scrape.
pub(crate) struct Scrape {
    samples: HashMap<Series, f64>,
    /// Kind by family.
    pub(crate) families: BTreeMap<String, String>,
}

impl Scrape {
    /// Parses `text`. Panics with the line that is wrong.
    pub(crate) fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "no line break at the end");
        let mut scrape = Self {
            samples: HashMap::new(),
            families: BTreeMap::new(),
        };
        let mut helped = BTreeSet::new();
        let mut current = String::new();
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').expect(line);
                assert!(is_name(name) && !help.trim().is_empty(), "{line}");
                assert!(helped.insert(name.to_owned()), "twice: {line}");
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect(line);
                assert!(helped.contains(name), "TYPE without HELP: {line}");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert!(kind != "counter" || name.ends_with("_total"), "{line}");
                let before = scrape.families.insert(name.to_owned(), kind.to_owned());
                assert!(before.is_none(), "twice: {line}");
                name.clone_into(&mut current);
            } else {
                let (series, value) = sample(line);
                let kind = scrape.families.get(&current).map(String::as_str);
                let belongs = match kind {
                    Some("histogram") => ["_bucket", "_sum", "_count"]
                        .iter()
                        .any(|ending| series.0.strip_suffix(ending) == Some(&current)),
                    _ => series.0 == current,
                };
                assert!(belongs, "under {current}: {line}");
                assert!(kind != Some("counter") || value >= 0.0, "{line}");
                assert!(scrape.samples.insert(series, value).is_none(), "twice: {line}");
            }
        }
        scrape.check_histograms();
        scrape
    }

    /// The value of a series, written as `name{label="value"}` with the labels in any order. Panics
    /// if there is none.
    pub(crate) fn value(&self, series: &str) -> f64 {
        let (key, _) = sample(&format!("{series} 0"));
        *self.samples.get(&key).unwrap_or_else(|| {
            let of_same_name: Vec<_> = self.samples.keys().filter(|(other, _)| *other == key.0).collect();
            panic!("no {key:?}, only {of_same_name:?}")
        })
    }

    /// The same of a series whose values are whole numbers.
    pub(crate) fn count(&self, series: &str) -> u64 {
        let value = self.value(series);
        assert!(value >= 0.0 && value.fract() == 0.0, "{series} is {value}");
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and not negative"
        )]
        let whole = value as u64;
        whole
    }

    fn check_histograms(&self) {
        for family in self
            .families
            .iter()
            .filter(|(_, kind)| *kind == "histogram")
            .map(|(name, _)| name)
        {
            let mut series: BTreeMap<BTreeMap<String, String>, Vec<(f64, f64)>> = BTreeMap::new();
            for ((name, labels), count) in &self.samples {
                if name.strip_suffix("_bucket") == Some(family) {
                    let mut labels = labels.clone();
                    let bound = number(&labels.remove("le").expect("a bucket has le"));
                    series.entry(labels).or_default().push((bound, *count));
                }
            }
            assert!(!series.is_empty(), "{family} has no buckets");
            for (labels, mut buckets) in series {
                buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
                assert!(
                    buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1),
                    "{family} {labels:?} decreases"
                );
                let last = buckets.last().expect("one at least");
                let count = self.samples[&(format!("{family}_count"), labels.clone())];
                assert!(
                    last.0.is_infinite() && (last.1 - count).abs() < 0.5,
                    "{family} {labels:?} +Inf"
                );
                assert!(self.samples.contains_key(&(format!("{family}_sum"), labels)));
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    text.starts_with(first) && text.chars().all(|c| first(c) || c.is_ascii_digit())
}

fn number(text: &str) -> f64 {
    match text {
        "+Inf" => f64::INFINITY,
        _ => text.parse().unwrap_or_else(|_| panic!("'{text}' is not a number")),
    }
}

/// `name value` or `name{a="b",c="d"} value`.
fn sample(line: &str) -> (Series, f64) {
    let (series, value) = line.rsplit_once(' ').expect(line);
    let (name, labels) = match series.split_once('{') {
        None => (series, ""),
        Some((name, labels)) => (name, labels.strip_suffix('}').expect(line)),
    };
    assert!(is_name(name), "{line}");
    let mut read = BTreeMap::new();
    for pair in labels.split(',').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').expect(line);
        let value = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .expect(line);
        // None of our label values needs an escape, and none comes from untrusted text.
        assert!(is_name(key) && !value.contains(['"', '\\', '{', '}']), "{line}");
        assert!(read.insert(key.to_owned(), value.to_owned()).is_none(), "{line}");
    }
    ((name.to_owned(), read), number(value))
}
