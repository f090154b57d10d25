-- Executions with an error, for searches of its text: most have none, and do not pay for it.
CREATE INDEX executions_errors ON pawl.executions (namespace, workflow, status, id) WHERE error <> '';
