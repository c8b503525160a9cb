-- What the last look at what is too old has found, so that every process can
-- tell of it: the one that looks may be a job that nobody asks.
ALTER TABLE retention
    ADD COLUMN max_age    interval NOT NULL DEFAULT '0', -- RETENTION; 0: any age
    ADD COLUMN max_bytes  bigint NOT NULL DEFAULT 0,     -- MAX_DATABASE_BYTES; 0: no bound
    ADD COLUMN next_day   timestamptz,                   -- the oldest one that is kept
    ADD COLUMN next_bytes bigint NOT NULL DEFAULT 0,     -- what it takes
    ADD COLUMN full_at    timestamptz,                   -- when max_bytes are reached, at the growth of the last days
    ADD COLUMN done_at    timestamptz;                   -- when a look last ended well
