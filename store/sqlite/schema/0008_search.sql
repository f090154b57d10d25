-- What searches ask of a head beyond its own words: what kind of error it is, and what it waits for.

ALTER TABLE executions ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
ALTER TABLE executions ADD COLUMN waiting TEXT NOT NULL DEFAULT '';
