-- What executions send each other, and the names that users give them.

-- "arrived" orders the messages of a namespace.
CREATE TABLE inbox (
  arrived   BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  shard     INT NOT NULL,
  sender    BINARY(16) NOT NULL,
  seq       BIGINT NOT NULL,
  n         INT UNSIGNED NOT NULL,
  namespace VARBINARY(768) NOT NULL,
  recipient BINARY(16) NOT NULL,
  at        BIGINT NOT NULL,
  body      LONGBLOB NOT NULL,
  UNIQUE KEY inbox_id (shard, sender, seq, n),
  KEY inbox_lines (shard, namespace)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

-- "previous" is what the last change compared with, and "writes" makes the server count it.
CREATE TABLE start_keys (
  namespace VARBINARY(768) NOT NULL,
  workflow  VARBINARY(768) NOT NULL,
  start_key VARBINARY(768) NOT NULL,
  execution BINARY(16) NOT NULL,
  digest    BIGINT NOT NULL,
  closed_at BIGINT NOT NULL,
  previous  BINARY(16) NOT NULL,
  writes    INT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (namespace, workflow, start_key)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

-- What became of messages from outside, until it was read and for a while after.
CREATE TABLE answers (
  sender BINARY(16) NOT NULL PRIMARY KEY,
  shard  INT NOT NULL,
  at     BIGINT NOT NULL,
  body   LONGBLOB NOT NULL,
  KEY answers_old (shard, at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
