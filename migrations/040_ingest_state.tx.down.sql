ALTER TABLE positions DROP COLUMN before_offset, DROP COLUMN before_at, DROP COLUMN sampled_offset, DROP COLUMN sampled_at;
DROP TABLE heard;
