-- A trail is what an event says beside its date and message: one row for
-- each distinct (service, source, status) ever seen. Events and payloads
-- refer to it by number; source '' means none.
CREATE TABLE trails (
    id      integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service text NOT NULL,
    source  text NOT NULL,
    status  text NOT NULL,
    UNIQUE (service, source, status)
);

-- One row a payload. An empty journey is a row that was only reserved: it is
-- shown to nobody. Every batch updates many rows, so pages keep room for
-- the new versions, and no index names a column that each event changes.
CREATE TABLE payloads (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id     uuid NOT NULL,
    org_id         text NOT NULL DEFAULT '',
    account        text NOT NULL DEFAULT '',
    inventory_id   text NOT NULL DEFAULT '',
    system_id      text NOT NULL DEFAULT '',
    started_at     timestamptz,
    updated_at     timestamptz,
    quiet_since    timestamptz,
    stalls_at      timestamptz,
    failed_at      timestamptz,
    failed_service text,
    failed_source  text,
    failed_message text,
    created_at     timestamptz NOT NULL,
    rules_version  bigint NOT NULL DEFAULT 0,
    outcome        smallint NOT NULL DEFAULT 0, -- 0 open, 1 failed, 2 succeeded
    trails         integer[] NOT NULL DEFAULT '{}',
    journey        bytea
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX payloads_request_id ON payloads (request_id);
CREATE INDEX payloads_started ON payloads (started_at, id);
CREATE INDEX payloads_org_started ON payloads (org_id, started_at, id);
CREATE INDEX payloads_failed ON payloads (failed_at, id) WHERE outcome = 1;
CREATE INDEX payloads_open ON payloads (id) WHERE outcome = 0;

-- The events: a partition a day near today, a year far from it, made when
-- the first event of that day comes.
CREATE TABLE payload_statuses (
    payload_id bigint NOT NULL,
    date       timestamptz NOT NULL,
    hash       bigint NOT NULL,       -- payload.Event.Hash: the event's content
    created_at timestamptz NOT NULL,  -- taken in: the batch's stamp
    trail_id   integer NOT NULL,
    message    text
) PARTITION BY RANGE (date);

CREATE UNIQUE INDEX payload_statuses_key ON payload_statuses (payload_id, date, hash);
-- By the second, many events share a key, and a key that is shared is stored
-- once: a quarter of the size, and of the work, of an index by the date.
CREATE INDEX payload_statuses_trail ON payload_statuses (trail_id, date_bin('1 second', date, '1970-01-01 00:00:00+00'));

-- Every host a payload ever named, as pairs as they were sent. A key is the
-- id itself where it is a UUID, else a digest of it; the text is kept where
-- it is not the key's usual spelling. The zero key stands for none.
CREATE TABLE payload_hosts (
    payload_id    bigint NOT NULL,
    inventory_key uuid NOT NULL,
    system_key    uuid NOT NULL,
    inventory_id  text,
    system_id     text
);

CREATE UNIQUE INDEX payload_hosts_key ON payload_hosts (payload_id, inventory_key, system_key);
CREATE INDEX payload_hosts_inventory ON payload_hosts (inventory_key, payload_id)
    WHERE inventory_key <> '00000000-0000-0000-0000-000000000000';
CREATE INDEX payload_hosts_system ON payload_hosts (system_key, payload_id)
    WHERE system_key <> '00000000-0000-0000-0000-000000000000';

-- How far each partition of the topic has been stored: moved by
-- compare-and-set in the transaction that stores the events.
CREATE TABLE positions (
    "group"      text NOT NULL,
    topic        text NOT NULL,
    partition    integer NOT NULL,
    next_offset  bigint NOT NULL,
    leader_epoch integer NOT NULL DEFAULT -1,
    topic_id     uuid NOT NULL,
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY ("group", topic, partition)
) WITH (fillfactor = 50);

-- The one row of rules by which every process judges.
CREATE TABLE rules (
    singleton  boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    version    bigint NOT NULL,
    body       jsonb NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
