-- Jobs that wait for their turn, by tenant and queue, the oldest first. Code that runs already makes no such job.

CREATE INDEX stream_waiting ON stream (tenant, (attributes ->> 'waits'), created_at, stream_id)
    WHERE state = 'held' AND attributes ? 'waits';
