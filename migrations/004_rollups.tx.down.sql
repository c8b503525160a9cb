ALTER TABLE payloads DROP COLUMN failed_fingerprint;
DROP TABLE failure_rollups, handover_rollups, stage_rollups, rollup_state, rollup_deltas;
