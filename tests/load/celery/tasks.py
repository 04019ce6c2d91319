"""The earlier service's worker, reduced to its data path: one task per session.

As it was: one Celery task loops over the session's measurements; each object is read whole,
parsed as complex64 at an assumed 200 kHz, extracted in NumPy, and its row committed alone.
A beat schedule looks for sessions without features every five minutes.

Changed, since it could not have run or would have been charged with work it need not do: tasks are
functions (a class under the decorator does not register), the rows go into a `jsonb[]` by ARRAY,
the session's id is stored, SNR and `signal_present` are read from where they are, an error
row carries the measurement's time, and a second extraction replaces the first.
"""

import json
import os
from functools import cache

import numpy as np
from celery import Celery
from celery.utils.log import get_task_logger
from minio import Minio
from minio.error import S3Error
from sqlalchemy import create_engine, text

from extractor import CHUNK_MS, CHUNKS_PER_SEGMENT, extract_segments

BUCKET = "heimdall-raw-iq"
SAMPLE_RATE_HZ = 200_000

logger = get_task_logger(__name__)
app = Celery("heimdall", broker=os.environ["LOAD_BROKER_URL"], backend=os.environ["LOAD_RESULT_URL"])
app.conf.timezone = "UTC"
app.conf.beat_schedule = {
    "batch-feature-extraction": {
        "task": "backend.tasks.batch_feature_extraction",
        "schedule": 300.0,
        "kwargs": {"batch_size": 50, "max_batches": 5},
    },
}


@cache
def pool():
    """One engine per worker process: made after the fork, at the first use."""
    return create_engine(os.environ["LOAD_DATABASE_URL"])


@cache
def store():
    return Minio(
        os.environ["LOAD_STORE"],
        access_key=os.environ["LOAD_STORE_ACCESS_KEY"],
        secret_key=os.environ["LOAD_STORE_SECRET_KEY"],
        region="us-east-1",  # told, so that it need not ask the store for it first
        secure=False,
    )


SESSION = text("SELECT id, created_at FROM heimdall.recording_sessions WHERE id = :session_id")

MEASUREMENTS = text("""
    SELECT m.id, m.websdr_station_id, m.iq_data_location, m.created_at
    FROM heimdall.measurements m
    JOIN heimdall.recording_sessions rs ON rs.id = :session_id
    WHERE m.created_at >= rs.created_at
      AND m.created_at <= rs.created_at + rs.duration_seconds * INTERVAL '1 second'
      AND m.iq_data_location IS NOT NULL
""")

SAVE = text("""
    INSERT INTO heimdall.measurement_features AS f (
        timestamp, measurement_id, recording_session_id, receiver_features, extraction_metadata,
        overall_confidence, mean_snr_db, num_receivers_detected, extraction_failed, error_message, created_at)
    VALUES (
        :timestamp, :measurement_id, :session_id,
        ARRAY(SELECT jsonb_array_elements(CAST(:receiver_features AS jsonb))),
        CAST(:extraction_metadata AS jsonb), :confidence, :snr_db, :detected, :failed, :message, NOW())
    ON CONFLICT (timestamp, measurement_id) DO UPDATE SET
        receiver_features = excluded.receiver_features, extraction_metadata = excluded.extraction_metadata,
        overall_confidence = excluded.overall_confidence, mean_snr_db = excluded.mean_snr_db,
        num_receivers_detected = excluded.num_receivers_detected,
        extraction_failed = excluded.extraction_failed, error_message = excluded.error_message
    WHERE f.extraction_failed OR NOT excluded.extraction_failed
""")

WITHOUT_FEATURES = text("""
    SELECT rs.id
    FROM heimdall.recording_sessions rs
    JOIN heimdall.measurements m
      ON m.created_at >= rs.created_at
     AND m.created_at <= rs.created_at + rs.duration_seconds * INTERVAL '1 second'
     AND m.iq_data_location IS NOT NULL
    LEFT JOIN heimdall.measurement_features mf ON mf.recording_session_id = rs.id
    WHERE rs.status = 'completed' AND mf.recording_session_id IS NULL
    GROUP BY rs.id, rs.created_at
    ORDER BY rs.created_at DESC
    LIMIT :limit
""")


def read_samples(location):
    response = store().get_object(BUCKET, location)
    try:
        data = response.read()
    finally:
        response.close()
        response.release_conn()
    if not data or len(data) % np.dtype("<c8").itemsize:
        raise ValueError("Invalid IQ data format")
    return np.frombuffer(data, dtype="<c8")


def save(session_id, measurement, **columns):
    with pool().connect() as connection:
        connection.execute(
            SAVE,
            {
                "timestamp": measurement.created_at,
                "measurement_id": measurement.id,
                "session_id": session_id,
                **columns,
            },
        )
        connection.commit()


def extract_measurement(session_id, measurement):
    samples = read_samples(measurement.iq_data_location)
    segments = extract_segments(samples, SAMPLE_RATE_HZ)
    if not segments:
        raise ValueError("Recording too short")
    first = segments[0]
    # The coordinates were never looked up.
    receiver = {"rx_id": str(measurement.websdr_station_id), "rx_lat": 0.0, "rx_lon": 0.0}
    metadata = {
        "extraction_method": "recorded",
        "iq_duration_ms": samples.size / SAMPLE_RATE_HZ * 1000.0,
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "num_chunks": CHUNKS_PER_SEGMENT,
        "chunk_duration_ms": CHUNK_MS,
        "recording_session_id": session_id,
    }
    confidence, snr_db = first["delay_spread_confidence"]["mean"], first["snr_db"]["mean"]
    save(
        session_id,
        measurement,
        receiver_features=json.dumps([{**receiver, **segment} for segment in segments]),
        extraction_metadata=json.dumps(metadata),
        confidence=confidence,
        snr_db=snr_db,
        detected=int(first["signal_present"]["mean"] > 0.5),
        failed=False,
        message=None,
    )
    logger.info("Extracted features for measurement %s: SNR=%.1f dB, confidence=%.2f",
                measurement.id, snr_db, confidence)


def error_text(error, measurement):
    if isinstance(error, S3Error) and error.code == "NoSuchKey":
        return f"IQ file not found: {measurement.iq_data_location}"
    return str(error)


@app.task(name="backend.tasks.extract_recording_features")
def extract_recording_features(session_id):
    logger.info("Starting feature extraction for recording session %s", session_id)
    with pool().connect() as connection:
        session = connection.execute(SESSION, {"session_id": session_id}).fetchone()
    if session is None:
        return {"success": False, "error": "Session not found"}
    with pool().connect() as connection:
        measurements = connection.execute(MEASUREMENTS, {"session_id": session_id}).fetchall()
    results = {"total": len(measurements), "success": 0, "failed": 0, "errors": []}
    for measurement in measurements:
        try:
            extract_measurement(session_id, measurement)
            results["success"] += 1
        except Exception as error:  # whatever it is, it is this measurement's error row
            message = error_text(error, measurement)
            logger.error("Error extracting features for measurement %s: %s", measurement.id, message)
            results["failed"] += 1
            results["errors"].append(message)
            save(
                session_id,
                measurement,
                receiver_features="[]",
                extraction_metadata="{}",
                confidence=0.0,
                snr_db=0.0,
                detected=0,
                failed=True,
                message=message,
            )
    logger.info("Feature extraction complete: %d success, %d failed", results["success"], results["failed"])
    return results


@app.task(name="backend.tasks.batch_feature_extraction")
def batch_feature_extraction(batch_size=50, max_batches=None):
    limit = batch_size * max_batches if max_batches else batch_size
    with pool().connect() as connection:
        sessions = connection.execute(WITHOUT_FEATURES, {"limit": limit}).fetchall()
    for session in sessions:
        extract_recording_features.delay(str(session.id))
    return {"total_found": len(sessions), "tasks_queued": len(sessions)}
