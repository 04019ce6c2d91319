//! What the application and administrators change meanwhile: one of the newest rows each.

use super::faults::FaultKind;

/// The statement of a change.
pub(super) fn statement(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::SessionDeleted => {
            "DELETE FROM heimdall.recording_sessions WHERE id = (
                 SELECT id FROM heimdall.recording_sessions ORDER BY created_at DESC OFFSET floor(random() * 20)::int LIMIT 1)"
        }
        FaultKind::MeasurementDeleted => {
            "DELETE FROM heimdall.measurements WHERE id = (
                 SELECT id FROM heimdall.measurements ORDER BY created_at DESC OFFSET floor(random() * 50)::int LIMIT 1)"
        }
        FaultKind::MeasurementMoved => {
            "UPDATE heimdall.measurements SET recording_session_id = (
                 SELECT id FROM heimdall.recording_sessions ORDER BY created_at DESC OFFSET floor(random() * 20)::int LIMIT 1)
             WHERE id = (SELECT id FROM heimdall.measurements ORDER BY created_at DESC OFFSET floor(random() * 50)::int LIMIT 1)"
        }
        FaultKind::TimeCorrected => {
            "UPDATE heimdall.measurements SET created_at = created_at - interval '40 ms'
             WHERE id = (SELECT id FROM heimdall.measurements ORDER BY created_at DESC OFFSET floor(random() * 50)::int LIMIT 1)"
        }
        // Never by none: a measurement without an object gets no row.
        FaultKind::LocationReplaced => {
            "UPDATE heimdall.measurements SET iq_data_location = coalesce((
                 SELECT iq_data_location FROM heimdall.measurements ORDER BY created_at DESC OFFSET floor(random() * 50)::int LIMIT 1), iq_data_location)
             WHERE id = (SELECT id FROM heimdall.measurements ORDER BY created_at DESC OFFSET floor(random() * 50)::int LIMIT 1)"
        }
        FaultKind::SessionReopened => {
            "UPDATE heimdall.recording_sessions SET status = 'recording' WHERE id = (
                 SELECT id FROM heimdall.recording_sessions ORDER BY created_at DESC OFFSET floor(random() * 20)::int LIMIT 1)"
        }
        // Everything that the database has noted by its clock is now in the future.
        FaultKind::ClockSetBack => {
            "UPDATE heimdall.sweep_state SET last_sweep_at = clock_timestamp() + interval '1 day';
             UPDATE heimdall.worker_heartbeats SET beat_at = clock_timestamp() + interval '1 day';
             UPDATE heimdall.feature_queue SET due_at = clock_timestamp() + interval '1 day' WHERE state = 'waiting';
             UPDATE heimdall.change_notes SET due_at = clock_timestamp() + interval '1 day' WHERE due_at < 'infinity';
             UPDATE heimdall.queue_depth SET counted_at = clock_timestamp() + interval '1 day';
             UPDATE heimdall.coverage_totals SET walked_at = clock_timestamp() + interval '1 day'"
        }
        FaultKind::BackfillRequested => {
            "SELECT heimdall.request_backfill(include_failed => random() < 0.5, since => now() - interval '2 minutes')"
        }
        other => unreachable!("{other:?} is no change of rows"),
    }
}
