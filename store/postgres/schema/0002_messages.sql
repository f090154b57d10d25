-- What executions send each other. Rows come and go, so the table is vacuumed by their number, not by a share of it.
CREATE TABLE pawl.inbox (
  arrived   bigint GENERATED ALWAYS AS IDENTITY,
  shard     bigint NOT NULL,
  seq       bigint NOT NULL,
  n         bigint NOT NULL,
  at        bigint NOT NULL,
  sender    bytea NOT NULL,
  recipient bytea NOT NULL,
  namespace text COLLATE "C" NOT NULL,
  body      bytea NOT NULL,
  PRIMARY KEY (shard, sender, seq, n)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 20000);

CREATE INDEX inbox_lines ON pawl.inbox (shard, namespace, arrived);

-- The names that users give executions.
CREATE TABLE pawl.start_keys (
  namespace text COLLATE "C" NOT NULL,
  workflow  text COLLATE "C" NOT NULL,
  start_key text COLLATE "C" NOT NULL,
  execution bytea NOT NULL,
  digest    bigint NOT NULL,
  closed_at bigint NOT NULL,
  PRIMARY KEY (namespace, workflow, start_key)
) WITH (fillfactor = 80);

-- What became of messages from outside, until it was read and for a while after.
CREATE TABLE pawl.answers (
  sender bytea NOT NULL PRIMARY KEY,
  shard  bigint NOT NULL,
  at     bigint NOT NULL,
  body   bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

CREATE INDEX answers_old ON pawl.answers (shard, at);
