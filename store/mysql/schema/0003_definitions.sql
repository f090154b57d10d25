-- Deployed versions of workflows, and which of them starts use. "uses" is a JSON list of {workflow, constraint}.

CREATE TABLE versions (
  namespace   VARBINARY(768) NOT NULL,
  workflow    VARBINARY(768) NOT NULL,
  version     VARBINARY(768) NOT NULL,
  hash        VARBINARY(768) NOT NULL,
  body        LONGBLOB NOT NULL,
  source      LONGBLOB NOT NULL,
  at          BIGINT NOT NULL,
  retired     TINYINT NOT NULL,
  deployed_by VARBINARY(768) NOT NULL,
  why         BLOB NOT NULL,
  uses        LONGBLOB NOT NULL,
  PRIMARY KEY (namespace, workflow, version)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE workflows (
  namespace VARBINARY(768) NOT NULL,
  workflow  VARBINARY(768) NOT NULL,
  active    VARBINARY(768) NOT NULL,
  PRIMARY KEY (namespace, workflow)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

-- Keys with which payloads of a namespace are encrypted, each encrypted with the key that kek names.
CREATE TABLE data_keys (
  id        BIGINT NOT NULL PRIMARY KEY,
  namespace VARBINARY(768) NOT NULL,
  kek       VARBINARY(768) NOT NULL,
  wrapped   LONGBLOB NOT NULL,
  at        BIGINT NOT NULL,
  KEY data_keys_namespace (namespace, at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
