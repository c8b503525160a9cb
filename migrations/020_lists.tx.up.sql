-- What the lists are found and sorted by, beside dates, trails and orgs.
CREATE INDEX payloads_account_started ON payloads (account, started_at);

-- All rows of a batch share the moment they were taken in, and a key that is
-- shared is stored once.
CREATE INDEX payload_statuses_taken_in ON payload_statuses (created_at);

-- Which pages may hold a message: a fiftieth of the size of the table, and of
-- next to no work while events come in.
CREATE INDEX payload_statuses_message ON payload_statuses
    USING brin (message text_bloom_ops(n_distinct_per_range = 2000)) WITH (pages_per_range = 16, autosummarize = on);
