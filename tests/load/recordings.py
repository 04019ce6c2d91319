"""The data of the application: stations, IQ objects, sessions and measurements."""

import io
import uuid
from datetime import UTC, datetime, timedelta

import numpy as np
from psycopg2.extras import execute_values

from servers import BUCKET

SAMPLE_RATE_HZ = 200_000
FREQUENCY_HZ = 145_500_000
STATIONS = ["Aachen", "Bologna", "Cuneo", "Dresden", "Essen", "Ferrara", "Genova"]
# 64 MB in total, so that the cache of a single object does not decide the result.
DISTINCT_OBJECTS = 40
SEED = 20_171_127
# Sessions last one second, so that their time windows do not overlap.
SESSION_SPACING = timedelta(seconds=3)


def fm_recording(rng, seconds=1.0):
    """A 12.5 kHz FM carrier some kHz off the middle, 18 to 30 dB above white noise."""
    n = int(seconds * SAMPLE_RATE_HZ)
    time_s = np.arange(n) / SAMPLE_RATE_HZ
    offset_hz, tone_hz = rng.uniform(-60e3, 60e3), rng.uniform(300.0, 2_500.0)
    phase = 2 * np.pi * offset_hz * time_s + 2_500.0 / tone_hz * np.sin(2 * np.pi * tone_hz * time_s)
    noise = rng.standard_normal((2, n)) * 10 ** (rng.uniform(-30.0, -18.0) / 20.0) / np.sqrt(2)
    return ((np.exp(1j * phase) + noise[0] + 1j * noise[1]) * 0.1).astype("<c8")


def put(store, key, data, bucket=BUCKET):
    store.client.put_object(bucket, key, io.BytesIO(data), len(data), content_type="application/octet-stream")
    return key


def put_objects(store):
    """Puts the objects that all sessions point to; returns their keys."""
    rng = np.random.default_rng(SEED)
    return [
        put(store, f"2026/01/01/{uuid.UUID(int=i)}/{FREQUENCY_HZ}/{1_767_225_600 + i}.bin", fm_recording(rng).tobytes())
        for i in range(DISTINCT_OBJECTS)
    ]


class Application:
    """The application's side of one database: it records sessions and completes them."""

    def __init__(self, connection):
        self.connection = connection
        self._next_start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
        self._next_key = 0
        with connection, connection.cursor() as cursor:
            rows = [(name, 44.0 + i, 7.0 + i) for i, name in enumerate(STATIONS)]
            sql = "INSERT INTO heimdall.websdr_stations (name, latitude, longitude) VALUES %s RETURNING id"
            self.stations = [row[0] for row in execute_values(cursor, sql, rows, fetch=True)]

    def record(self, keys, sessions, receivers=len(STATIONS)):
        """Sessions still being recorded, with their measurements; returns the sessions' ids."""
        ids, measurements = [str(uuid.uuid4()) for _ in range(sessions)], []
        rows = []
        for session in ids:
            start, self._next_start = self._next_start, self._next_start + SESSION_SPACING
            rows.append((session, "recording", FREQUENCY_HZ, 12_500, 1.0, start))
            for station in self.stations[:receivers]:
                key = keys[self._next_key % len(keys)]
                self._next_key += 1
                measurements.append((station, FREQUENCY_HZ, -70.0, key, start + timedelta(milliseconds=100)))
        with self.connection, self.connection.cursor() as cursor:
            execute_values(
                cursor,
                "INSERT INTO heimdall.recording_sessions"
                " (id, status, frequency_hz, bandwidth_hz, duration_seconds, created_at) VALUES %s",
                rows,
            )
            execute_values(
                cursor,
                "INSERT INTO heimdall.measurements"
                " (websdr_station_id, frequency_hz, signal_strength_db, iq_data_location, created_at) VALUES %s",
                measurements,
            )
        return ids

    def complete(self, sessions):
        """The one thing that the application says: one statement, one commit."""
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute(
                "UPDATE heimdall.recording_sessions SET status = 'completed', updated_at = now()"
                " WHERE id = ANY(%s::uuid[])",
                (sessions,),
            )

    def query(self, sql, parameters=()):
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall()
