-- Deployed versions of workflows, and which of them starts use. uses is a list in JSON: {workflow, constraint}.
CREATE TABLE pawl.versions (
  namespace   text COLLATE "C" NOT NULL,
  workflow    text COLLATE "C" NOT NULL,
  version     text COLLATE "C" NOT NULL,
  hash        text NOT NULL,
  body        bytea NOT NULL,
  source      bytea NOT NULL,
  at          bigint NOT NULL,
  retired     boolean NOT NULL,
  deployed_by text NOT NULL,
  why         text NOT NULL,
  uses        text NOT NULL,
  PRIMARY KEY (namespace, workflow, version)
);

CREATE TABLE pawl.workflows (
  namespace text COLLATE "C" NOT NULL,
  workflow  text COLLATE "C" NOT NULL,
  active    text COLLATE "C" NOT NULL,
  PRIMARY KEY (namespace, workflow)
);

-- Keys with which payloads of a namespace are encrypted, each encrypted with the key that kek names.
CREATE TABLE pawl.data_keys (
  id        bigint NOT NULL PRIMARY KEY,
  namespace text COLLATE "C" NOT NULL,
  kek       text NOT NULL,
  wrapped   bytea NOT NULL,
  at        bigint NOT NULL
);

CREATE INDEX data_keys_namespace ON pawl.data_keys (namespace, at, id);
