-- What a store keeps for life.
CREATE TABLE pawl.meta (
  name  text COLLATE "C" NOT NULL PRIMARY KEY,
  value bytea NOT NULL
);

-- Who may write a shard. Room in the page, so that a claim rewrites the row in place.
CREATE TABLE pawl.shards (
  shard bigint NOT NULL PRIMARY KEY,
  epoch bigint NOT NULL, -- the bits of an unsigned number, as all epochs, digests and counts here
  owner bytea NOT NULL   -- 16 zero bytes: nobody
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- How far each lane of each process start has come; rewritten by every commit, in place.
CREATE TABLE pawl.lanes (
  owner  bytea NOT NULL,
  lane   bigint NOT NULL,
  number bigint NOT NULL,
  digest bigint NOT NULL,
  opened bigint NOT NULL,
  PRIMARY KEY (owner, lane)
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE TABLE pawl.members (
  owner bytea NOT NULL PRIMARY KEY,
  beats bigint NOT NULL,
  addr  text NOT NULL,
  at    bigint NOT NULL
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- The heads. Written at start, at the end and at rest, never in between; half a page is left for that.
CREATE TABLE pawl.executions (
  id          bytea NOT NULL PRIMARY KEY,
  shard       bigint NOT NULL,
  started     bigint NOT NULL,
  ended       bigint NOT NULL,
  next_at     bigint, -- null: only a message wakes it
  namespace   text COLLATE "C" NOT NULL,
  workflow    text COLLATE "C" NOT NULL,
  version     text COLLATE "C" NOT NULL,
  start_key   text COLLATE "C" NOT NULL,
  parent      bytea,
  status      text COLLATE "C" NOT NULL,
  outcome     text COLLATE "C" NOT NULL,
  error       text COLLATE "C" NOT NULL,
  waiting     text COLLATE "C" NOT NULL DEFAULT '',
  fingerprint text COLLATE "C" NOT NULL DEFAULT ''
) WITH (fillfactor = 70);

CREATE INDEX executions_due ON pawl.executions (shard, next_at, id) WHERE next_at IS NOT NULL;

CREATE INDEX executions_status ON pawl.executions (namespace, workflow, status, id);

CREATE INDEX executions_key ON pawl.executions (namespace, start_key, id) WHERE start_key <> '';

CREATE INDEX executions_parent ON pawl.executions (parent, id) WHERE parent IS NOT NULL;

-- A tag is a text or a number.
CREATE TABLE pawl.tags (
  execution  bytea NOT NULL,
  name       text COLLATE "C" NOT NULL,
  namespace  text COLLATE "C" NOT NULL,
  text_value text COLLATE "C",
  num_value  double precision,
  PRIMARY KEY (execution, name)
);

CREATE INDEX tags_text ON pawl.tags (namespace, name, text_value, execution) WHERE text_value IS NOT NULL;

CREATE INDEX tags_number ON pawl.tags (namespace, name, num_value, execution) WHERE num_value IS NOT NULL;

-- No secondary index here, ever. Bodies stay uncompressed by the server: the codec of the engine has done it.
CREATE TABLE pawl.journal (
  seq       bigint NOT NULL,
  at        bigint NOT NULL,
  sum       bigint NOT NULL,
  execution bytea NOT NULL,
  body      bytea NOT NULL,
  PRIMARY KEY (execution, seq)
);

ALTER TABLE pawl.journal ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE pawl.snapshots (
  execution bytea NOT NULL PRIMARY KEY,
  seq       bigint NOT NULL,
  sum       bigint NOT NULL,
  body      bytea NOT NULL
) WITH (fillfactor = 80);

ALTER TABLE pawl.snapshots ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE pawl.blobs (
  execution bytea NOT NULL,
  sum       bytea NOT NULL,
  body      bytea NOT NULL,
  PRIMARY KEY (execution, sum)
);

ALTER TABLE pawl.blobs ALTER COLUMN body SET STORAGE EXTERNAL;
