-- What became of messages from outside, until it was read and for a while after.
CREATE TABLE answers (
  sender BLOB NOT NULL PRIMARY KEY,
  shard  INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  body   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
