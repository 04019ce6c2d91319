-- What that application asks: its trainer by data set, its statistics, its lists. The answers must be the same before and
-- after the installation.
\pset format unaligned
SELECT recording_session_id, receiver_features[1] #>> '{snr_db,mean}', tx_latitude, tx_longitude, tx_power_dbm, gdop
FROM heimdall.measurement_features
WHERE dataset_id = md5('dataset1')::uuid AND NOT extraction_failed ORDER BY recording_session_id;
SELECT count(*), count(*) FILTER (WHERE extraction_failed), avg(mean_snr_db), avg(overall_confidence), max(num_receivers_detected)
FROM heimdall.measurement_features;
SELECT extraction_metadata ->> 'extraction_method' AS method, count(*) FROM heimdall.measurement_features GROUP BY 1;
SELECT count(DISTINCT rs.id), count(m.id), count(mf.recording_session_id)
FROM heimdall.recording_sessions rs
JOIN heimdall.measurements m ON m.recording_session_id = rs.id
LEFT JOIN heimdall.measurement_features mf ON mf.recording_session_id = rs.id
WHERE rs.status IN ('completed', 'failed');
SELECT s.id, s.session_name, s.status, k.name, extract(epoch FROM s.session_end - s.session_start)
FROM heimdall.recording_sessions s JOIN heimdall.known_sources k ON k.id = s.known_source_id
WHERE s.session_name LIKE 'Old%' ORDER BY s.session_start;
-- Its tables, as they are defined.
SELECT a.attrelid::regclass, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid), col_description(a.attrelid, a.attnum), obj_description(a.attrelid, 'pg_class')
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND a.attrelid IN ('heimdall.measurement_features'::regclass, 'heimdall.measurements'::regclass,
                                      'heimdall.recording_sessions'::regclass, 'heimdall.known_sources'::regclass,
                                      'heimdall.websdr_stations'::regclass)
ORDER BY 1, 2;
SELECT c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid), c.conindid::regclass FROM pg_constraint c
WHERE c.conrelid IN ('heimdall.measurement_features'::regclass, 'heimdall.measurements'::regclass,
                     'heimdall.recording_sessions'::regclass) ORDER BY 1, 2;
SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid = 'heimdall.measurement_features'::regclass ORDER BY 1;
SELECT c.relname, pg_get_userbyid(c.relowner), c.relacl, c.relkind, c.reloptions FROM pg_class c
WHERE c.relname = 'measurement_features' AND c.relnamespace = 'heimdall'::regnamespace;
