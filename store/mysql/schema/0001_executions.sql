-- Executions, their journals, and who may write them. Names are bytes: no collation makes two of them one, and a space at
-- the end counts. Times are Unix milliseconds.

CREATE TABLE meta (
  name  VARBINARY(64) NOT NULL PRIMARY KEY,
  value VARBINARY(255) NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE shards (
  shard INT NOT NULL PRIMARY KEY,
  epoch BIGINT NOT NULL,
  owner BINARY(16) NOT NULL -- 16 zero bytes: nobody
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

-- How far each lane of each process start has come.
CREATE TABLE lanes (
  owner  BINARY(16) NOT NULL,
  lane   INT NOT NULL,
  number BIGINT NOT NULL,
  digest BIGINT NOT NULL,
  opened BIGINT NOT NULL,
  PRIMARY KEY (owner, lane)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE members (
  owner BINARY(16) NOT NULL PRIMARY KEY,
  beats BIGINT NOT NULL,
  addr  VARBINARY(768) NOT NULL,
  at    BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

-- The heads. Written at start, at the end and at rest, never in between. "writes" only makes the server count an update
-- that changes nothing else.
CREATE TABLE executions (
  id          BINARY(16) NOT NULL PRIMARY KEY,
  shard       INT NOT NULL,
  namespace   VARBINARY(768) NOT NULL,
  workflow    VARBINARY(768) NOT NULL,
  version     VARBINARY(768) NOT NULL,
  start_key   VARBINARY(768) NOT NULL,
  parent      BINARY(16),
  status      VARBINARY(768) NOT NULL,
  outcome     VARBINARY(768) NOT NULL,
  error       VARBINARY(768) NOT NULL,
  started     BIGINT NOT NULL,
  ended       BIGINT NOT NULL,
  next_at     BIGINT, -- NULL: only a message wakes it
  waiting     VARBINARY(768) NOT NULL,
  fingerprint VARBINARY(768) NOT NULL,
  tagged      TINYINT NOT NULL, -- whether it has tags
  writes      INT UNSIGNED NOT NULL DEFAULT 0,
  KEY executions_due (shard, next_at),
  KEY executions_status (namespace, workflow, status),
  KEY executions_key (namespace, start_key),
  KEY executions_parent (parent)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

-- One of the two values is set.
CREATE TABLE tags (
  execution  BINARY(16) NOT NULL,
  name       VARBINARY(768) NOT NULL,
  namespace  VARBINARY(768) NOT NULL,
  text_value VARBINARY(768),
  num_value  DOUBLE,
  PRIMARY KEY (execution, name),
  KEY tags_text (namespace, name, text_value),
  KEY tags_num (namespace, name, num_value)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

-- No secondary index here, ever: each costs what a commit can carry.
CREATE TABLE journal (
  execution BINARY(16) NOT NULL,
  seq       BIGINT NOT NULL,
  at        BIGINT NOT NULL,
  sum       INT UNSIGNED NOT NULL,
  body      LONGBLOB NOT NULL,
  PRIMARY KEY (execution, seq)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE snapshots (
  execution BINARY(16) NOT NULL PRIMARY KEY,
  seq       BIGINT NOT NULL,
  sum       INT UNSIGNED NOT NULL,
  body      LONGBLOB NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE blobs (
  execution BINARY(16) NOT NULL,
  sum       BINARY(32) NOT NULL,
  body      LONGBLOB NOT NULL,
  PRIMARY KEY (execution, sum)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
