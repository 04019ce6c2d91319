//! Ctrl-C while the database is awaited.

use tokio_util::sync::CancellationToken;

use super::error::ExportError;

/// Waits for an answer until Ctrl-C.
pub(super) async fn until_stopped<T, E: Into<ExportError>>(
    stop: &CancellationToken,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, ExportError> {
    match stop.run_until_cancelled(work).await {
        Some(result) => result.map_err(Into::into),
        None => Err(ExportError::Interrupted),
    }
}
