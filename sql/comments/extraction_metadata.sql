-- What the keys of extraction_metadata mean. It is set only where it differs, because COMMENT ON waits for a running
-- vacuum of the table.
DO $$
DECLARE
    meaning CONSTANT text := $text$How the row was made. A key without a value is absent:
extraction_method: 'recorded', only in rows with features
extractor_version: version of the definition of the numbers
recording_session_id: the session that the measurement belonged to
frequency_hz: centre frequency that the application stores for the measurement, else for its session
bucket, object_key: where the samples are
object_bytes, object_etag: size and version of the object when it was read
sigmf_key: the SigMF metadata found next to the object
portapack_key: the text of PortaPack found next to the object
compression, decompressed_bytes: compression of the object (gzip, xz, bzip2, zstd), and the bytes that came out of it
container: format around the samples ('none', 'npy', 'wav', 'kiwi wav', 'sdriq', 'sigmf', ...)
iq_format, iq_format_source: layout of a sample, and the source of this information
iq_scale: how a stored component x becomes a number
sample_rate_hz, sample_rate_source: complex samples per second (half the rate of real samples), and the source
said: everything stated about the recording outside its bytes, used or overruled: what, value, source
warnings: contradictions, one sentence each; each has its word in the segments' quality
start_time, stop_time: when the recording began and ended according to the header (ISO 8601)
centre_frequency_hz: frequency of the receiver according to the header, SigMF or PortaPack's text
gps_stamps: time stamps of a KiwiSDR: number, stale ones, rate over the whole file, second of the GPS week, scatter, age
gaps: where samples were lost, the first hundred: at_sample of the object, lost_samples
num_gaps: number of gaps
remarks: oddities that did not prevent the use of any sample
iq_duration_ms: length of the recording, lost samples included
chunk_duration_ms: length of a chunk
num_segments, num_chunks: number of segments and chunks in receiver_features
samples_used, samples_left_over, samples_lost: in measured chunks; after the last chunk or in chunks with a gap; in gaps
fetch_ms, extract_ms: time spent on reading the object, and on extraction$text$;
    results regclass;
BEGIN
    FOREACH results IN ARRAY ARRAY[heimdall.results_table(), 'heimdall.extracted_features'] LOOP
        IF col_description(results, (SELECT attnum FROM pg_attribute
                                     WHERE attrelid = results AND attname = 'extraction_metadata'))
            IS DISTINCT FROM meaning THEN
            EXECUTE format('COMMENT ON COLUMN %s.extraction_metadata IS %L', results, meaning);
        END IF;
    END LOOP;
END
$$;
