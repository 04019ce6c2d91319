//! The pictures of a recording.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use maud::html;
use tokio::time::timeout;
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::unavailable;
use crate::http::page::access::Visitor;
use crate::http::page::pictures::{Kind, NoPicture};
use crate::http::page::state::Page;
use crate::job::claim::{Claim, Lease, Receiver};
use crate::sanitize::sanitize;
use crate::sql;
use crate::status::error::StatusError;

const CACHING: &str = "private, max-age=60";
/// Less than the guard of the page waits: it would answer without an image.
const PATIENCE: Duration = Duration::from_secs(12);
/// Characters in a line of a picture that has only text.
const LINE: usize = 46;

pub(in crate::http::page) async fn plot(
    state: State<Arc<Page>>,
    visitor: Extension<Visitor>,
    id: Path<Uuid>,
) -> Response {
    picture(state, visitor, id, Kind::Plot).await
}

pub(in crate::http::page) async fn strip(
    state: State<Arc<Page>>,
    visitor: Extension<Visitor>,
    id: Path<Uuid>,
) -> Response {
    picture(state, visitor, id, Kind::Strip).await
}

async fn picture(
    State(state): State<Arc<Page>>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<Uuid>,
    kind: Kind,
) -> Response {
    let content_type = match kind {
        Kind::Plot => "image/png",
        Kind::Strip => "image/svg+xml",
    };
    let recording = match recording(&state, id).await {
        Ok(Some(recording)) => recording,
        Ok(None) => return (StatusCode::NOT_FOUND, "no such recording\n").into_response(),
        Err(error) => return unavailable(&visitor, &error),
    };
    // What was begun is drawn and kept, also when this request does not wait for it.
    let drawing = tokio::spawn(async move { state.pictures.of(&recording, kind).await });
    let drawn = match timeout(PATIENCE, drawing).await {
        Ok(Ok(drawn)) => drawn,
        Ok(Err(panic)) => Err(NoPicture::Unreadable(sanitize(&panic.to_string()))),
        Err(_) => Err(NoPicture::Busy),
    };
    match drawn {
        Ok(picture) => image(content_type, picture, CACHING),
        // An image, since the page shows it in the place of one.
        Err(NoPicture::Unreadable(reason)) => image("image/svg+xml", text_image(&reason).into(), CACHING),
        Err(NoPicture::Busy) => {
            let reason = "it is not drawn yet, or too many are at the moment. Load the page again.";
            image("image/svg+xml", text_image(reason).into(), "no-store")
        }
    }
}

fn image(content_type: &'static str, bytes: Bytes, caching: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (CACHE_CONTROL, HeaderValue::from_static(caching)),
    ];
    (headers, bytes).into_response()
}

async fn recording(state: &Page, id: Uuid) -> Result<Option<Claim>, StatusError> {
    let rows = state.queue.rows(sql::PAGE_RECORDING, &[&id]).await?;
    let recording = rows.first().map(|row| read(row, id)).transpose();
    Ok(recording.map_err(crate::postgres::error::DbError::from)?)
}

fn read(row: &Row, measurement_id: Uuid) -> Result<Claim, Error> {
    Ok(Claim {
        lease: Lease {
            measurement_id,
            ..Lease::default()
        },
        receiver: Receiver {
            rx_id: row.try_get::<_, Option<String>>("rx_id")?.unwrap_or_default(),
            ..Receiver::default()
        },
        frequency_hz: row.try_get("frequency_hz")?,
        iq_data_location: row.try_get("iq_data_location")?,
        iq_data_format: row.try_get("iq_data_format")?,
        iq_sample_rate: row.try_get("iq_sample_rate")?,
        iq_samples_count: row.try_get("iq_samples_count")?,
        duration_seconds: row.try_get("duration_seconds")?,
        ..Claim::default()
    })
}

/// An image that says why there is no picture.
fn text_image(reason: &str) -> String {
    let mut lines = vec![String::from("No picture:")];
    let pieces = reason.split(' ').flat_map(|word| {
        let letters: Vec<char> = word.chars().collect();
        let pieces: Vec<String> = letters.chunks(LINE).map(|piece| piece.iter().collect()).collect();
        pieces
    });
    for word in pieces {
        let last = lines.len() - 1;
        if last > 0 && lines[last].chars().count() + word.chars().count() < LINE {
            lines[last].push(' ');
            lines[last].push_str(&word);
        } else {
            lines.push(word);
        }
    }
    lines.truncate(9);
    html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 236" width="600" height="236" {
            rect width="600" height="236" fill="#eceef1" {}
            @for (index, line) in lines.iter().enumerate() {
                text x="20" y=(36 + 22 * index) fill="#444" font-family="sans-serif" font-size="18" { (line) }
            }
        }
    }
    .into_string()
}

#[cfg(test)]
mod tests {
    use super::text_image;

    #[test]
    fn a_reason_is_broken_into_lines_and_escaped() {
        let svg =
            text_image("the key <script> is not there, and this sentence goes on for longer than a line has place for");
        assert!(svg.contains("&lt;script&gt;") && !svg.contains("<script>"));
        assert_eq!(svg.matches("<text").count(), 4, "{svg}");
    }
}
