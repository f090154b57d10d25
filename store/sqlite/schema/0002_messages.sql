-- What executions send each other, and the names that users give them.

-- "arrived" orders the messages of a namespace; it is not reused while a later message exists.
CREATE TABLE inbox (
  arrived   INTEGER PRIMARY KEY AUTOINCREMENT,
  shard     INTEGER NOT NULL,
  sender    BLOB NOT NULL,
  seq       INTEGER NOT NULL,
  n         INTEGER NOT NULL,
  namespace TEXT NOT NULL,
  recipient BLOB NOT NULL,
  at        INTEGER NOT NULL,
  body      BLOB NOT NULL,
  UNIQUE (shard, sender, seq, n)
) STRICT;

CREATE INDEX inbox_lines ON inbox (shard, namespace);

CREATE TABLE keys (
  namespace TEXT NOT NULL,
  workflow  TEXT NOT NULL,
  key       TEXT NOT NULL,
  execution BLOB NOT NULL,
  digest    INTEGER NOT NULL,
  closed_at INTEGER NOT NULL,
  PRIMARY KEY (namespace, workflow, key)
) STRICT, WITHOUT ROWID;
