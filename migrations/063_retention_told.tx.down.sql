ALTER TABLE retention
    DROP COLUMN done_at, DROP COLUMN full_at, DROP COLUMN next_bytes, DROP COLUMN next_day, DROP COLUMN max_bytes, DROP COLUMN max_age;
