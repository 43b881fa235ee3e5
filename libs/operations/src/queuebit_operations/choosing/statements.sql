-- name: answered
-- Completed jobs by what gave the answer that counts: the last one, where a better one came later. The walk by time is over the
-- index of times by block, so that nothing old is read.
SELECT e.stream_id FROM event AS e
WHERE e.type IN ('JobCompleted', 'JobImproved') AND e.category = 'job'
  AND e.time >= COALESCE($4::timestamptz, '-infinity') AND e.time < COALESCE($5::timestamptz, 'infinity')
  AND ($1::text IS NULL OR e.data -> 'ran' ->> 'backend' = $1)
  AND ($2::text IS NULL OR e.data -> 'ran' ->> 'backend_version' = $2)
  AND ($6::text IS NULL OR e.tenant = $6)
  AND ($7::text IS NULL OR EXISTS (
      SELECT FROM event AS c WHERE c.stream_id = e.stream_id AND c.type = 'JobCompleted' AND c.data ->> 'kind' = $7))
  AND ($3::text IS NULL OR EXISTS (
      SELECT FROM event AS x
      WHERE x.stream_id = e.stream_id AND x.type = 'ExecutionSucceeded' AND x.data ->> 'attempt_id' = e.data ->> 'attempt_id'
        AND COALESCE(x.data -> 'provenance' ->> 'calibrated_at', x.data -> 'evidence' ->> 'calibrated_at') = $3))
  AND EXISTS (SELECT FROM event AS i WHERE i.stream_id = e.stream_id AND i.version > e.version AND i.type = 'JobInvalidated') = $8
  AND NOT EXISTS (SELECT FROM event AS b WHERE b.stream_id = e.stream_id AND b.version > e.version AND b.type = 'JobImproved')
ORDER BY e.stream_id;

-- name: proved
-- Completed jobs whose last answer rests on the proof of a solver: the validator names whose proof it is, and proves small ones itself.
-- Where that is sealed nobody knows, and it is taken for the solver's. Of a better answer, later, its verdict tells that it is proved.
SELECT e.stream_id FROM event AS e
WHERE e.type IN ('JobCompleted', 'JobImproved') AND e.category = 'job'
  AND (e.data ->> 'proven_optimal' = 'true' OR e.type = 'JobImproved' AND EXISTS (
      SELECT FROM event AS v
      WHERE v.stream_id = e.stream_id AND v.type = 'ResultValidated' AND v.data ->> 'attempt_id' = e.data ->> 'attempt_id'
        AND v.data ->> 'proven_optimal' = 'true'))
  AND e.time >= COALESCE($3::timestamptz, '-infinity') AND e.time < COALESCE($4::timestamptz, 'infinity')
  AND (e.data -> 'ran' ->> 'backend' = $1 OR e.data -> 'ran' ->> 'method' = $1)
  AND ($2::text IS NULL OR e.data -> 'ran' ->> 'backend_version' = $2)
  AND ($5::text IS NULL OR e.tenant = $5)
  AND ($6::text IS NULL OR EXISTS (
      SELECT FROM event AS c WHERE c.stream_id = e.stream_id AND c.type = 'JobCompleted' AND c.data ->> 'kind' = $6))
  AND EXISTS (
      SELECT FROM json_array_elements(e.data -> 'confidence' -> 'parts') AS part
      WHERE part ->> 'name' = 'optimality' AND (part ->> 'detail' LIKE 'proved by %' OR part ->> 'detail' LIKE '$sealed:%'))
  AND NOT EXISTS (
      SELECT FROM event AS i
      WHERE i.stream_id = e.stream_id AND i.version > e.version AND i.type IN ('JobInvalidated', 'JobImproved'))
ORDER BY e.stream_id;

-- name: refuted
-- Jobs that failed as no answer exists, by the proof of a solver: the failed attempt names it with its version.
SELECT DISTINCT e.stream_id FROM event AS e
JOIN stream AS s ON s.stream_id = e.stream_id AND s.state = 'failed'
WHERE e.type = 'ExecutionFailed' AND e.category = 'job' AND e.data ->> 'code' = 'problem_infeasible'
  AND e.time >= COALESCE($3::timestamptz, '-infinity') AND e.time < COALESCE($4::timestamptz, 'infinity')
  AND strpos(e.data ->> 'detail', $1::text) > 0
  AND ($2::text IS NULL OR EXISTS (
      SELECT FROM unnest(ARRAY[';', ',', ')']) AS ending WHERE strpos(e.data ->> 'detail', ' ' || $2 || ending) > 0))
  AND ($5::text IS NULL OR e.tenant = $5) AND ($6::text IS NULL OR s.attributes ->> 'kind' = $6)
ORDER BY e.stream_id;

-- name: standing
-- Jobs that have not ended.
SELECT stream_id FROM stream
WHERE category = 'job' AND state = ANY ($1::text[])
  AND ($2::text IS NULL OR tenant = $2) AND ($3::text IS NULL OR attributes ->> 'kind' = $3) AND ($4::text IS NULL OR attributes ->> 'tier' = $4)
  AND created_at >= COALESCE($5::timestamptz, '-infinity') AND created_at < COALESCE($6::timestamptz, 'infinity')
ORDER BY stream_id;

-- name: survey
-- What each backend answered in each stretch of time, and what the validator made of it.
SELECT to_timestamp(floor(extract(epoch FROM x.time) / $3::float8) * $3::float8) AS began_at,
       x.data -> 'ran' ->> 'backend' AS backend, COALESCE(x.data -> 'ran' ->> 'backend_version', '') AS version,
       count(*) AS answers,
       count(*) FILTER (WHERE v.type = 'ResultRejected') AS refused,
       count(*) FILTER (WHERE v.data ->> 'verdict' = 'needs_review') AS doubted,
       avg((v.data ->> 'gap')::float8) AS mean_gap,
       avg((v.data -> 'confidence' ->> 'value')::float8) AS mean_confidence
FROM event AS x
JOIN LATERAL (
    SELECT j.type, j.data FROM event AS j
    WHERE j.stream_id = x.stream_id AND j.type IN ('ResultValidated', 'ResultRejected')
      AND j.data ->> 'attempt_id' = x.data ->> 'attempt_id'
    ORDER BY j.version LIMIT 1
) AS v ON true
WHERE x.type = 'ExecutionSucceeded' AND x.category = 'job' AND x.time >= $1::timestamptz AND x.time < $2::timestamptz
GROUP BY 1, 2, 3 ORDER BY 2, 3, 1;
