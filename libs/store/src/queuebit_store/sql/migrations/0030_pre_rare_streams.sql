-- Streams that are no jobs, in the order of their ids: paths, of which every control plane asks twice a second, refusals, registers.
-- Code that runs already goes through all streams for them, as before.

CREATE INDEX stream_rare ON stream (category, stream_id) WHERE category <> 'job';
