-- Events by their time, by blocks of the table: they lie about in that order, so that it costs appends next to nothing, and
-- an operator who looks for the answers of ten minutes reads those ten minutes.

CREATE INDEX event_by_time ON event USING brin (time) WITH (pages_per_range = 32, autosummarize = on);
