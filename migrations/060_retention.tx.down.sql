ALTER TABLE rollup_state DROP COLUMN carried;
ALTER TABLE positions DROP COLUMN late_events;
DROP TABLE retired_partitions, retention;
