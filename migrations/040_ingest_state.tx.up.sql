-- How many events came of each kind, and the newest date of each. The rows
-- are split by a partition whose position their batch holds: no two batches
-- meet in one.
CREATE TABLE heard (
    "group"   text NOT NULL,
    topic     text NOT NULL,
    partition integer NOT NULL,
    trail_id  integer NOT NULL,
    count     bigint NOT NULL,
    last_date timestamptz NOT NULL, -- one ahead of its time counts as taken in then
    PRIMARY KEY ("group", topic, partition, trail_id)
) WITH (fillfactor = 50);

-- Two earlier places of a position: the one at sampled_at becomes the one
-- before when it is half a minute old. They say how fast it moves.
ALTER TABLE positions
    ADD COLUMN sampled_at     timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN sampled_offset bigint,
    ADD COLUMN before_at      timestamptz,
    ADD COLUMN before_offset  bigint;
UPDATE positions SET sampled_offset = next_offset;
ALTER TABLE positions ALTER COLUMN sampled_offset SET NOT NULL;
