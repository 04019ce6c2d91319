-- Purpose: the first and the last day of an export, for export_days.sql. A day of which a part was asked for counts.
-- Parameters: $1 since, $2 until (not included), both as text or NULL
-- Returns: first_day, last_day as YYYY-MM-DD; of UTC, with export_settings.sql
SELECT to_char(greatest(($1::text)::timestamptz, '0001-01-01 00:00Z'), 'YYYY-MM-DD') AS first_day,
       to_char(least(($2::text)::timestamptz, '9999-12-31 00:00Z') - interval '1 microsecond', 'YYYY-MM-DD') AS last_day;
