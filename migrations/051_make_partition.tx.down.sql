DROP FUNCTION make_partition(text, timestamptz, timestamptz);
