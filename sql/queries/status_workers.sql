-- Purpose: the daemons that are alive, and those that are lost and still have claims, with what they have in hand.
-- Parameters: none
-- Returns: report, for each daemon: what extraction_workers says, claimed (its claims), in_hand (the five oldest ones)
-- Plan: feature_queue_claimed_idx; each claim in in_hand looks up its measurement by primary key.
SELECT to_jsonb(r) AS report
FROM (SELECT coalesce(w.worker_id, c.worker_id) AS worker_id, w.host, w.pid, w.version, w.concurrency, w.in_flight,
             w.started_at, extract(epoch FROM now() - w.started_at) AS up_s,
             extract(epoch FROM clock_timestamp() - w.last_heartbeat) AS heartbeat_s_ago,
             w.worker_id IS NOT NULL AS is_alive,
             coalesce(c.claimed, 0) AS claimed,
             extract(epoch FROM clock_timestamp() - c.oldest_at) AS oldest_claim_s,
             coalesce(w.stalled, '[]') AS stalled,
             coalesce((SELECT jsonb_agg(jsonb_build_object(
                                  'measurement_id', h.measurement_id, 'session_id', h.recording_session_id, 'rx_id', m.rx_id,
                                  'source', h.source, 'attempt', h.attempt,
                                  'age_s', extract(epoch FROM clock_timestamp() - h.claimed_at)) ORDER BY h.claimed_at)
                       FROM (SELECT * FROM heimdall.claimed_measurements o
                             WHERE o.worker_id = coalesce(w.worker_id, c.worker_id)
                             ORDER BY o.claimed_at, o.measurement_id LIMIT 5) h
                       LEFT JOIN LATERAL (SELECT s.rx_id FROM heimdall.session_measurements s
                                          WHERE s.measurement_id = h.measurement_id LIMIT 1) m ON true), '[]') AS in_hand
      FROM heimdall.extraction_workers w
      FULL JOIN (SELECT q.worker_id, count(*) AS claimed, min(q.claimed_at) AS oldest_at
                 FROM heimdall.claimed_measurements q GROUP BY q.worker_id) c ON c.worker_id = w.worker_id
      ORDER BY w.host NULLS LAST, w.started_at, c.worker_id) r;
