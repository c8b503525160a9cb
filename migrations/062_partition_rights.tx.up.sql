-- Whoever may read the table may read a partition by its own name, which
-- spares the database the plan of all the others. The statement is planned for
-- that partition alone then, and its plan is kept.
DO $$ BEGIN EXECUTE format($f$
    CREATE FUNCTION share_partition(partition regclass) RETURNS void
    LANGUAGE plpgsql SET search_path = %I, pg_temp AS $body$
    DECLARE
        reader text;
    BEGIN
        FOR reader IN
            SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END
            FROM pg_class, aclexplode(relacl)
            WHERE oid = 'payload_statuses'::regclass AND privilege_type = 'SELECT' AND grantee <> relowner
        LOOP
            EXECUTE format('GRANT SELECT ON TABLE %%s TO %%s', partition, reader);
        END LOOP;
    END $body$
$f$, current_schema()); END $$;
REVOKE ALL ON FUNCTION share_partition(regclass) FROM PUBLIC;

-- As before, and shared.
DO $$ BEGIN EXECUTE format($f$
    CREATE OR REPLACE FUNCTION make_partition(partition text, first timestamptz, past timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = %I, pg_temp SET timezone = 'UTC' AS $body$
    BEGIN
        IF partition IS NULL OR first IS NULL OR past IS NULL OR partition !~ '^payload_statuses_[0-9_]+$' OR past - first NOT BETWEEN interval '1 day' AND interval '366 days'
            OR first <> date_trunc('day', first) OR past <> date_trunc('day', past)
            OR first < '1970-01-01' OR past > '2200-01-01' THEN
            RAISE EXCEPTION '%% from %% to %% is no partition', partition, first, past;
        END IF;
        EXECUTE format('CREATE TABLE %%I (LIKE payload_statuses INCLUDING ALL, CONSTRAINT span CHECK (date >= %%L AND date < %%L))', partition, first, past);
        EXECUTE format('ALTER TABLE payload_statuses ATTACH PARTITION %%I FOR VALUES FROM (%%L) TO (%%L)', partition, first, past);
        EXECUTE format('ALTER TABLE %%I DROP CONSTRAINT span', partition);
        PERFORM share_partition(partition::regclass);
    END $body$
$f$, current_schema()); END $$;
