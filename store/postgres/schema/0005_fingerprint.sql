-- Errors of one kind, newest first.
CREATE INDEX executions_fingerprint ON pawl.executions (namespace, fingerprint, id) WHERE fingerprint <> '';
