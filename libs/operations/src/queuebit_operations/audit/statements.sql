-- name: categories
-- Every category that has events: one step along the index for each.
WITH RECURSIVE found AS (
    (SELECT category FROM event ORDER BY category LIMIT 1)
    UNION ALL
    SELECT (SELECT e.category FROM event AS e WHERE e.category > found.category ORDER BY e.category LIMIT 1)
    FROM found WHERE found.category IS NOT NULL
)
SELECT category FROM found WHERE category IS NOT NULL;

-- name: archived
-- The months that are out of the log, or on their way.
SELECT since, until FROM archive WHERE state IN ('detached', 'archived');
