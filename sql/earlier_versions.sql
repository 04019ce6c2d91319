-- What installations of some earlier states of this folder have, or lack, apart from what the files of schema/ do.

-- Functions whose parameters are others now. With two of a name, a call without parameters is ambiguous.
DROP FUNCTION IF EXISTS heimdall.request_backfill(integer, integer, boolean, timestamptz, timestamptz),
    heimdall.enqueue_sessions(uuid, timestamptz, timestamptz, bigint, boolean),
    heimdall.enqueue_sessions(text, smallint, uuid, timestamptz, timestamptz, bigint, boolean);

-- Columns and an index that were added to files after these had landed. The catalogue is asked first, because IF NOT EXISTS
-- locks the table also where nothing is missing.
DO $$
DECLARE
    lacking record;
BEGIN
    FOR lacking IN
        SELECT w.*
        FROM (VALUES ('change_notes', 'times', 'timestamptz[]'),
                     ('change_notes', 'size', 'integer GENERATED ALWAYS AS (cardinality(ids)) STORED'),
                     ('feature_minutes', 'unchanged', 'bigint NOT NULL DEFAULT 0'),
                     ('measurement_features', 'failed_fingerprint', 'bigint'),
                     ('measurement_features', 'last_error_kind', 'text'),
                     ('measurement_features', 'last_error_message', 'text'),
                     ('measurement_features', 'last_failed_at', 'timestamptz')) AS w (relation, name, definition)
        -- A table of that name may be the application's.
        WHERE NOT (w.relation = 'measurement_features' AND to_regclass('heimdall.heimdalld_measurement_features') IS NOT NULL)
          AND to_regclass('heimdall.' || w.relation) IS NOT NULL
          AND NOT EXISTS (SELECT FROM pg_attribute a
                          WHERE a.attrelid = to_regclass('heimdall.' || w.relation) AND a.attname = w.name)
    LOOP
        EXECUTE format('ALTER TABLE heimdall.%I ADD COLUMN %I %s', lacking.relation, lacking.name, lacking.definition);
    END LOOP;
    IF to_regclass('heimdall.change_notes_completed_idx') IS NULL THEN
        CREATE INDEX change_notes_completed_idx ON heimdall.change_notes (id) WHERE kind = 'completed';
    END IF;
    -- The first claims locked through the view.
    IF to_regrole('heimdall_daemon') IS NOT NULL AND to_regclass('heimdall.pending_features') IS NOT NULL THEN
        REVOKE UPDATE ON heimdall.pending_features FROM heimdall_daemon;
    END IF;
END
$$;
