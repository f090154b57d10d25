-- The journal in the order of commits, so that a commit writes few pages, all at the end; the index that finds an
-- execution's entries is small. By (execution, seq) alone every entry dirtied a page of its own, and one of more than a
-- kilobyte took a whole page beside it. docs/internals/performance.md has the numbers.
CREATE TABLE entries (
  n         INTEGER NOT NULL PRIMARY KEY,
  execution BLOB NOT NULL,
  seq       INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  sum       INTEGER NOT NULL,
  body      BLOB NOT NULL,
  UNIQUE (execution, seq) -- No other index here, ever: each costs what a commit can carry.
) STRICT;

INSERT INTO entries (execution, seq, at, sum, body)
  SELECT execution, seq, at, sum, body FROM journal ORDER BY execution, seq;

DROP TABLE journal;
ALTER TABLE entries RENAME TO journal;
