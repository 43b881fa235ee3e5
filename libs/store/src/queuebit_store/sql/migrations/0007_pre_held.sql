-- Jobs that operators hold back, the oldest first. Code that runs already notices nothing: it makes no such job.

CREATE INDEX stream_held ON stream (created_at, stream_id) WHERE state = 'held';
