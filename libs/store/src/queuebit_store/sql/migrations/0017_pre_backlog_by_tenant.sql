-- What is open of one tenant is asked over HTTP: no answer walks the jobs of all. New builds of the projection have the index from
-- the beginning. Code that runs already goes on as before.

DO $$
DECLARE
    build text;
BEGIN
    FOR build IN SELECT p.build FROM projection AS p WHERE p.name = 'backlog' LOOP
        EXECUTE format('CREATE INDEX ON %I (tenant, state, lane, tier)', 'projection_' || build);
    END LOOP;
END
$$;
