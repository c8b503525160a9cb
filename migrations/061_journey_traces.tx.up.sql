-- The payloads whose journey was exported as a trace: once is enough.
CREATE TABLE journey_traces (
    payload_id bigint PRIMARY KEY
);

-- Up to when events were taken in whose payloads were looked at: it moves when
-- the collector has taken what was final among them. Empty until somebody
-- exports.
CREATE TABLE journey_trace_position (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    taken_in  timestamptz NOT NULL
);
