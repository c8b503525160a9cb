-- The step that a binary must know to work on this schema: an older one would
-- read or write it wrongly. During a roll-out the former version and the new
-- one work side by side, so most steps leave it as it is; one that older
-- binaries cannot live with sets it to its own number.
CREATE TABLE schema_floor (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    step      text NOT NULL
);
INSERT INTO schema_floor (step) VALUES ('040');
