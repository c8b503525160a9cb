-- Numbers over many payloads: package rollup says what is counted. Every
-- batch appends what it changed, as one packed row; a fold in the background
-- adds the rows to the tables below. So no two batches meet in a counter.
-- The bodies are packed already: to compress them again costs time alone.
CREATE TABLE rollup_deltas (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    generation integer NOT NULL,
    body       bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500,
        toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 10000);
ALTER TABLE rollup_deltas ALTER COLUMN body SET STORAGE EXTERNAL;

-- Which generation of the tables is read, and which is being built beside it:
-- it has counted the payloads up to a number so far. Of payloads that were
-- stored before there were rollups generation 0, which nobody keeps, says
-- that a rebuild is needed.
CREATE TABLE rollup_state (
    singleton  boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    generation integer NOT NULL,
    building   integer,
    position   bigint NOT NULL DEFAULT 0
);
INSERT INTO rollup_state (generation) SELECT CASE WHEN EXISTS (SELECT FROM payloads) THEN 0 ELSE 1 END;

-- series: 1 five minutes, 2 hours, 3 days of all organisations (org_id is
-- empty), 4 hours, 5 days of one. scope: 0 one stage of a service that has
-- others too, 1 a service whatever its sources, 2 both at once.
CREATE TABLE stage_rollups (
    generation integer NOT NULL,
    series     smallint NOT NULL,
    org_id     text NOT NULL,
    bucket     timestamptz NOT NULL,
    service    text NOT NULL,
    source     text NOT NULL,
    scope      smallint NOT NULL,
    received   bigint NOT NULL,
    succeeded  bigint NOT NULL,
    failed     bigint NOT NULL,
    open       bigint NOT NULL,
    retried    bigint NOT NULL,
    durations  bytea NOT NULL,
    PRIMARY KEY (generation, series, org_id, bucket, service, source, scope)
) WITH (fillfactor = 70);

CREATE TABLE handover_rollups (
    generation   integer NOT NULL,
    series       smallint NOT NULL,
    org_id       text NOT NULL,
    bucket       timestamptz NOT NULL,
    from_service text NOT NULL,
    to_service   text NOT NULL,
    payloads     bigint NOT NULL,
    failed       bigint NOT NULL,
    waits        bytea NOT NULL,
    PRIMARY KEY (generation, series, org_id, bucket, from_service, to_service)
) WITH (fillfactor = 70);

-- orgs: the set of organisations hit, where all are counted together;
-- payload_id, message: of the last failure.
CREATE TABLE failure_rollups (
    generation  integer NOT NULL,
    series      smallint NOT NULL,
    org_id      text NOT NULL,
    bucket      timestamptz NOT NULL,
    service     text NOT NULL,
    source      text NOT NULL,
    fingerprint bigint NOT NULL,
    total       bigint NOT NULL,
    open        bigint NOT NULL,
    orgs        bytea NOT NULL,
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    payload_id  bigint NOT NULL,
    message     text NOT NULL,
    PRIMARY KEY (generation, series, org_id, bucket, service, source, fingerprint)
) WITH (fillfactor = 70);

-- The kind of a failed payload's failure: rollups count kinds, this finds
-- their payloads.
ALTER TABLE payloads ADD COLUMN failed_fingerprint bigint;
CREATE INDEX payloads_fingerprint ON payloads (failed_fingerprint, started_at) WHERE failed_fingerprint IS NOT NULL;
