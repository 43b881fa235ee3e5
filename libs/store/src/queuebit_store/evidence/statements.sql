-- name: note_evidence
-- In the order given. What was the same when it was last seen is not written again: a job that waits is asked about for days.
WITH given AS (
    SELECT * FROM unnest($3::text[], $4::text[], $5::bigint[], $6::int[], $7::boolean[])
        WITH ORDINALITY AS item (name, sha256, bytes, status, kept, place)
), fresh AS (
    SELECT given.* FROM given
    WHERE NOT EXISTS (
        SELECT FROM (
            SELECT sha256, status FROM submission_evidence WHERE key = $1 AND name = given.name ORDER BY seq DESC LIMIT 1
        ) AS last
        WHERE last.sha256 IS NOT DISTINCT FROM given.sha256 AND last.status IS NOT DISTINCT FROM given.status
    )
    AND NOT EXISTS (
        SELECT FROM (
            SELECT sha256, status FROM given AS earlier
            WHERE earlier.name = given.name AND earlier.place < given.place ORDER BY place DESC LIMIT 1
        ) AS before
        WHERE before.sha256 IS NOT DISTINCT FROM given.sha256 AND before.status IS NOT DISTINCT FROM given.status
    )
)
INSERT INTO submission_evidence (key, epoch, name, sha256, bytes, status, kept)
SELECT $1, $2, name, sha256, bytes, status, kept FROM fresh
WHERE (SELECT count(*) FROM submission_evidence WHERE key = $1) < $8
ORDER BY place;

-- name: evidence
-- What was seen of a submission, in its order.
SELECT key, at, epoch, name, sha256, bytes, status, kept FROM submission_evidence WHERE key = $1 ORDER BY seq;

-- name: evidence_of_lineage
-- The same of all submissions of one leg of a job.
SELECT piece.key, piece.at, piece.epoch, piece.name, piece.sha256, piece.bytes, piece.status, piece.kept
FROM submission JOIN submission_evidence AS piece USING (key)
WHERE submission.lineage = $1 ORDER BY submission.created_at, submission.key, piece.seq;
