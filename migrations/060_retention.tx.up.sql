-- What is too old to be kept: events of dates before the horizon, which only
-- rises. Consumers read it with every batch, so all agree which event is late.
CREATE TABLE retention (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    horizon   timestamptz NOT NULL
);
INSERT INTO retention (horizon) VALUES ('epoch');

-- Partitions that are being given up, from before they are detached until
-- they are dropped: who comes after a crash goes on with these, and knows them
-- from those that an operator has detached to keep.
CREATE TABLE retired_partitions (
    name text PRIMARY KEY
);

-- Events that came when their day was given up already: not stored. Only who
-- holds a position writes its row.
ALTER TABLE positions ADD COLUMN late_events bigint NOT NULL DEFAULT 0;

-- Whether what is being built has taken over the buckets that cannot be
-- counted any more, since their payloads are deleted.
ALTER TABLE rollup_state ADD COLUMN carried boolean NOT NULL DEFAULT false;
