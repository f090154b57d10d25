-- Errors of one kind, newest first.

CREATE INDEX executions_fingerprint ON executions (namespace, fingerprint) WHERE fingerprint <> '';
