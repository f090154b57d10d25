-- Keys with which payloads of a namespace are encrypted, each encrypted with the key that kek names.
CREATE TABLE data_keys (
  id        INTEGER NOT NULL PRIMARY KEY,
  namespace TEXT NOT NULL,
  kek       TEXT NOT NULL,
  wrapped   BLOB NOT NULL,
  at        INTEGER NOT NULL
) STRICT;

CREATE INDEX data_keys_namespace ON data_keys (namespace, at);
