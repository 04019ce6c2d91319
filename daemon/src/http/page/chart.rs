//! Charts as SVG inside the page. Colours are classes of the style sheet.

use std::time::SystemTime;

use maud::{Markup, html};

use super::format::{count, duration};
use crate::status::session::SessionReport;
use crate::status::throughput::Step;

const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 150.0;
/// Space for the numbers of the axes.
const TOP: f64 = 18.0;
const BOTTOM: f64 = 22.0;

/// What was done in each step of a span that ends `now`, as bars.
pub(super) fn throughput(done: &[Step], now: &str, (span_s, step_s): (f64, f64), label: &str) -> Markup {
    let end = seconds(now).unwrap_or(0.0);
    let bars: Vec<(f64, u64, u64)> = done
        .iter()
        .filter_map(|step| {
            let before_s = end - seconds(&step.at)?;
            Some((1.0 - before_s / span_s, step.done.extracted, step.done.failed))
        })
        .filter(|(at, ..)| (-0.02..1.0).contains(at))
        .collect();
    let highest = bars
        .iter()
        .map(|(_, done, failed)| done + failed)
        .max()
        .unwrap_or(0)
        .max(1);
    let (done, failed) = bars.iter().fold((0, 0), |sum, bar| (sum.0 + bar.1, sum.1 + bar.2));
    let plot = HEIGHT - TOP - BOTTOM;
    let height = |number: u64| number as f64 / highest as f64 * plot;
    let width = (WIDTH * step_s / span_s - 1.0).max(1.0);
    let name = format!(
        "{label}: {} with features, {} failed; at most {} in {}",
        whole(done),
        whole(failed),
        whole(highest),
        duration(step_s)
    );
    html! {
        svg.chart viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(name) {
            text x="0" y="12" { (whole(highest)) " in " (duration(step_s)) }
            line.axis x1="0" x2=(WIDTH) y1=(TOP) y2=(TOP) {}
            @for (at, done, failed) in &bars {
                @let x = (at * WIDTH).max(0.0);
                rect.done x=(round(x)) y=(round(HEIGHT - BOTTOM - height(*done))) width=(round(width)) height=(round(height(*done))) {}
                rect.failed x=(round(x)) y=(round(HEIGHT - BOTTOM - height(done + failed))) width=(round(width)) height=(round(height(*failed))) {}
            }
            line.axis x1="0" x2=(WIDTH) y1=(HEIGHT - BOTTOM) y2=(HEIGHT - BOTTOM) {}
            text x="0" y=(HEIGHT - 6.0) { (duration(span_s)) " ago" }
            text x=(WIDTH) y=(HEIGHT - 6.0) text-anchor="end" { "now" }
        }
    }
}

fn whole(number: u64) -> String {
    count(i64::try_from(number).unwrap_or(i64::MAX))
}

fn round(number: f64) -> String {
    format!("{number:.1}")
}

/// Seconds of a time of the database. Times of one answer have the same zone, so their differences
/// are right without it.
fn seconds(text: &str) -> Option<f64> {
    let time = humantime::parse_rfc3339_weak(&text.get(..19)?.replace('T', " ")).ok()?;
    Some(time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs_f64())
}

/// A place on the map.
struct Place {
    name: String,
    latitude: f64,
    longitude: f64,
    is_transmitter: bool,
}

/// Where the stations of a session are, north up. `None` where fewer than two places are known.
pub(super) fn map(session: &SessionReport) -> Option<Markup> {
    let mut places: Vec<Place> = Vec::new();
    let transmitter = session.transmitter.as_ref().and_then(|transmitter| {
        Some((
            transmitter["tx_latitude"].as_f64()?,
            transmitter["tx_longitude"].as_f64()?,
        ))
    });
    let stations = session.receivers.iter().filter_map(|receiver| {
        let name = receiver.rx_id.clone().unwrap_or_default();
        Some((name, receiver.rx_lat?, receiver.rx_lon?, false))
    });
    let transmitter = transmitter.map(|(latitude, longitude)| ("transmitter".to_owned(), latitude, longitude, true));
    for (name, latitude, longitude, is_transmitter) in stations.chain(transmitter) {
        let is_possible = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        if is_possible && !places.iter().any(|place| place.name == name) {
            places.push(Place {
                name,
                latitude,
                longitude,
                is_transmitter,
            });
        }
    }
    (places.len() > 1).then(|| draw_map(&places))
}

/// Degrees of longitude are shorter than those of latitude by the cosine of the latitude.
fn draw_map(places: &[Place]) -> Markup {
    let range = |value: fn(&Place) -> f64| {
        let values = places.iter().map(value);
        values.fold((f64::MAX, f64::MIN), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let (south, north) = range(|place| place.latitude);
    let (west, east) = range(|place| place.longitude);
    let narrow = (0.5 * (south + north)).to_radians().cos().max(0.05);
    let (margin, width) = (40.0, 420.0);
    // Kilometres of a degree of latitude; at least 1 km across.
    let km = |degrees: f64| degrees * 111.2;
    let scale = width / km((east - west) * narrow).max(km(north - south)).max(1.0);
    let x = |place: &Place| margin + km((place.longitude - west) * narrow) * scale;
    let y = |place: &Place| margin + km(north - place.latitude) * scale;
    let height = 2.0 * margin + km(north - south) * scale;
    let bar_km = round_length(120.0 / scale);
    let names: Vec<&str> = places.iter().map(|place| place.name.as_str()).collect();
    html! {
        svg.chart.map viewBox=(format!("0 0 {} {}", width + 2.0 * margin, round(height))) role="img"
            aria-label=(crate::sanitize::sanitize(&format!("Map of {}", names.join(", ")))) {
            @for place in places {
                circle.(if place.is_transmitter { "transmitter" } else { "station" }) cx=(round(x(place))) cy=(round(y(place))) r="5" {}
                @let is_right = x(place) > margin + 0.6 * width;
                text x=(round(x(place) + if is_right { -9.0 } else { 9.0 })) y=(round(y(place) + 4.0))
                    text-anchor=(if is_right { "end" } else { "start" }) { (crate::sanitize::sanitize(&place.name)) }
            }
            line.line x1="10" x2=(round(10.0 + bar_km * scale)) y1=(round(height - 10.0)) y2=(round(height - 10.0)) {}
            text x="10" y=(round(height - 16.0)) { (bar_km) " km" }
        }
    }
}

/// 1, 2 or 5 times a power of ten, at most this.
fn round_length(km: f64) -> f64 {
    let power = 10_f64.powf(km.max(1e-3).log10().floor());
    [5.0, 2.0, 1.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|length| *length <= km)
        .unwrap_or(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_has_a_round_length() {
        for (km, expected) in [(120.0, 100.0), (99.0, 50.0), (0.3, 0.2), (7.0, 5.0)] {
            assert!((round_length(km) - expected).abs() < 1e-9, "{km}");
        }
    }

    #[test]
    fn times_of_one_answer_can_be_subtracted() {
        let (one, other) = ("2026-11-28T10:00:00.5+02:00", "2026-11-28T10:01:00+02:00");
        assert!((seconds(other).unwrap() - seconds(one).unwrap() - 60.0).abs() < 1e-6);
        assert_eq!(seconds("soon"), None);
    }
}
