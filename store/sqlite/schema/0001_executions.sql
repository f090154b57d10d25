-- Executions, their journals, and who may write them.

CREATE TABLE meta (
  name  TEXT NOT NULL PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE shards (
  shard INTEGER NOT NULL PRIMARY KEY,
  epoch INTEGER NOT NULL,
  owner BLOB NOT NULL -- 16 zero bytes: nobody
) STRICT;

-- How far each lane of each process start has come. A rowid table, so that the oldest can be told.
CREATE TABLE lanes (
  owner  BLOB NOT NULL,
  lane   INTEGER NOT NULL,
  number INTEGER NOT NULL,
  digest INTEGER NOT NULL,
  UNIQUE (owner, lane)
) STRICT;

CREATE TABLE members (
  owner BLOB NOT NULL PRIMARY KEY,
  count INTEGER NOT NULL,
  addr  TEXT NOT NULL,
  at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The heads. Written at start, at the end and at rest, never in between.
CREATE TABLE executions (
  id        BLOB NOT NULL PRIMARY KEY,
  shard     INTEGER NOT NULL,
  namespace TEXT NOT NULL,
  workflow  TEXT NOT NULL,
  version   TEXT NOT NULL,
  key       TEXT NOT NULL,
  parent    BLOB,    -- NULL: none
  status    TEXT NOT NULL,
  outcome   TEXT NOT NULL,
  error     TEXT NOT NULL,
  started   INTEGER NOT NULL,
  ended     INTEGER NOT NULL,
  next_at   INTEGER  -- NULL: only a message wakes it
) STRICT, WITHOUT ROWID;

CREATE INDEX executions_due ON executions (shard, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX executions_status ON executions (namespace, workflow, status);
CREATE INDEX executions_key ON executions (namespace, key) WHERE key <> '';
CREATE INDEX executions_parent ON executions (parent) WHERE parent IS NOT NULL;

CREATE TABLE tags (
  execution BLOB NOT NULL,
  name      TEXT NOT NULL,
  namespace TEXT NOT NULL,
  value     ANY NOT NULL, -- TEXT or REAL
  PRIMARY KEY (execution, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX tags_value ON tags (namespace, name, value);

-- No secondary index here, ever: a second index halves what a store can commit.
CREATE TABLE journal (
  execution BLOB NOT NULL,
  seq       INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  sum       INTEGER NOT NULL,
  body      BLOB NOT NULL,
  PRIMARY KEY (execution, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshots (
  execution BLOB NOT NULL PRIMARY KEY,
  seq       INTEGER NOT NULL,
  sum       INTEGER NOT NULL,
  body      BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE blobs (
  execution BLOB NOT NULL,
  sum       BLOB NOT NULL,
  body      BLOB NOT NULL,
  PRIMARY KEY (execution, sum)
) STRICT, WITHOUT ROWID;
