-- Deployed versions of workflows, and which of them starts use.

CREATE TABLE versions (
  namespace TEXT NOT NULL,
  workflow  TEXT NOT NULL,
  version   TEXT NOT NULL,
  hash      TEXT NOT NULL,
  body      BLOB NOT NULL,
  source    BLOB NOT NULL,
  at        INTEGER NOT NULL,
  retired   INTEGER NOT NULL,
  PRIMARY KEY (namespace, workflow, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE workflows (
  namespace TEXT NOT NULL,
  workflow  TEXT NOT NULL,
  active    TEXT NOT NULL,
  PRIMARY KEY (namespace, workflow)
) STRICT, WITHOUT ROWID;
