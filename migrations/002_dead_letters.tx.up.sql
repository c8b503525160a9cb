-- What came and was no event, counted by the hour in which it was taken in,
-- with the beginning of the newest as a sample. service is what the message
-- says, '' where that cannot be read or where an hour has too many. The
-- bytes are kept as they came: no encoding refuses them.
CREATE TABLE dead_letters (
    hour             timestamptz NOT NULL,
    reason           text NOT NULL,
    service          text NOT NULL,
    count            bigint NOT NULL,
    first_at         timestamptz NOT NULL,
    last_at          timestamptz NOT NULL,
    sample           bytea NOT NULL,
    sample_topic     text NOT NULL,
    sample_partition integer NOT NULL,
    sample_offset    bigint NOT NULL,
    PRIMARY KEY (hour, reason, service)
) WITH (fillfactor = 50);

-- Which dead letters were sent again, as ranges of their offsets, so that no
-- second run sends them once more. The topic's id tells it from one made
-- again under its name, whose offsets mean other letters.
CREATE TABLE dead_letter_replays (
    topic     text NOT NULL,
    topic_id  uuid NOT NULL,
    partition integer NOT NULL,
    replayed  int8multirange NOT NULL,
    PRIMARY KEY (topic, topic_id, partition)
);
