-- What lists are found and sorted by, of few payloads each: those that failed,
-- and those that are open. All name columns that change with the outcome only,
-- so that an event updates none of them.
CREATE INDEX payloads_failed_started ON payloads (started_at) WHERE outcome = 1;
CREATE INDEX payloads_failed_service ON payloads (failed_service, started_at) WHERE failed_service IS NOT NULL;

DROP INDEX payloads_open;
CREATE INDEX payloads_open ON payloads (started_at) WHERE outcome = 0;
