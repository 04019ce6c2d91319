-- What the keys of extraction_metadata mean: apart from schema/, since the daemon's newer versions write more of them. Written
-- only where it is not so yet: the table's lock would wait for a vacuum of it.
DO $$
DECLARE
    meaning CONSTANT text := $text$How the row came about. Keys that have nothing to say are left out:
extraction_method: 'recorded', in rows with features alone
extractor_version: of the numbers' definition
recording_session_id: the session that the measurement belonged to
bucket, object_key: where the samples are
object_bytes, object_etag: size and version of that object as it was read
sigmf_key: the SigMF metadata found beside it
container: what the samples are wrapped in ('none', 'npy', 'wav', 'kiwi wav', 'sigmf', ...)
iq_format, iq_format_source: layout of a sample, and on whose word
iq_scale: what a stored component x is worth
sample_rate_hz, sample_rate_source: samples per second, and on whose word
said: all that was said of the recording from outside its bytes, used or overruled: what, value, source
warnings: what does not fit together, in sentences; each has its word in the segments' quality
start_time, stop_time: when recording began and ended, as the header has it (ISO 8601)
centre_frequency_hz: what the receiver was tuned to, as the header or SigMF has it
gps_stamps: what a KiwiSDR's time stamps say: how many, how many stale, rate over the whole file, second of the GPS week of the first sample, scatter, age of the position
gaps: where samples were lost, the first hundred: at_sample of the object, lost_samples
num_gaps: how many gaps there are
remarks: what is odd, and kept no sample from being used
iq_duration_ms: length of the recording, lost samples included
chunk_duration_ms: length of a chunk
num_segments, num_chunks: how many went into receiver_features
samples_used, samples_left_over, samples_lost: in chunks that were measured; behind the last whole chunk or in chunks with a gap; in gaps
fetch_ms, extract_ms: time spent reading the object, and extracting$text$;
BEGIN
    IF col_description('heimdall.measurement_features'::regclass,
            (SELECT attnum FROM pg_attribute
             WHERE attrelid = 'heimdall.measurement_features'::regclass AND attname = 'extraction_metadata'))
        IS DISTINCT FROM meaning THEN
        EXECUTE format('COMMENT ON COLUMN heimdall.measurement_features.extraction_metadata IS %L', meaning);
    END IF;
END
$$;
