-- Every error_kind that is written, what it means and what to do. The kinds are those of the daemon's source; a test
-- compares them.
CREATE OR REPLACE VIEW heimdall.feature_error_kinds AS
SELECT k.error_kind, k.meaning, k.tried_again, k.what_to_do
FROM (VALUES
    ('not_found', 'The object does not exist.',
     'three times within two minutes, because an upload may lag',
     'Upload the object, or correct iq_data_location. Then: SELECT heimdall.retry_failed(''not_found'');'),
    ('location_refused', 'iq_data_location names a bucket that is not allowed, or no valid key.', 'no',
     'Add the bucket to HEIMDALL_S3_BUCKET, or correct iq_data_location.'),
    ('bad_value', 'A column of the measurement has a value that no recording has, such as NaN.', 'no',
     'Correct the column that error_message names.'),
    ('too_large', 'The object, or what comes out of its compression, is larger than HEIMDALL_MAX_OBJECT_BYTES.', 'no',
     'Raise HEIMDALL_MAX_OBJECT_BYTES, restart the daemons, and retry.'),
    ('too_short', 'The recording is shorter than one chunk of 200 ms.', 'no',
     'Record for longer. If it is longer, the sample rate is wrong: see iq_sample_rate.'),
    ('invalid_format', 'The bytes are no recording: wrong header, type or length, NaN, all zero.', 'no',
     'Compare error_message with the file; correct iq_data_format, or the recorder.'),
    ('unreadable', 'The store works, but this object could not be read.', 'five times, with growing delays',
     'Look at the object in the store: its rights, its storage class, a damaged disk. Then retry.'),
    ('internal', 'A fault of heimdalld, of its temporary files, or of the database that refused the row.',
     'five times where the cause may pass; a fault of heimdalld itself is not',
     'Read error_message and the log at that time. Report a fault of heimdalld with the object.'),
    ('crashed', 'Five daemons were lost while they worked on this recording.', 'no',
     'Report it with the object. A new version of heimdalld may read it: then retry.')
) AS k (error_kind, meaning, tried_again, what_to_do);

COMMENT ON VIEW heimdall.feature_error_kinds IS 'Every error_kind: meaning, whether it is tried again, what to do.';
COMMENT ON COLUMN heimdall.feature_error_kinds.error_kind IS 'The word in measurement_features.error_kind.';
COMMENT ON COLUMN heimdall.feature_error_kinds.meaning IS 'What has happened.';
COMMENT ON COLUMN heimdall.feature_error_kinds.tried_again IS
    'Whether and how often the daemons try again by themselves.';
COMMENT ON COLUMN heimdall.feature_error_kinds.what_to_do IS 'What an operator can do.';
