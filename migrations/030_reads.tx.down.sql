DROP INDEX payloads_open, payloads_failed_service, payloads_failed_started;
CREATE INDEX payloads_open ON payloads (id) WHERE outcome = 0;
