package importer

// vocabulary lists the keys of each format, for suggestions about others.
var vocabulary = map[string][]string{
	"pocketflow": {"start", "nodes", "edges", "from", "action", "to", "kind", "service", "exec_type", "func", "script", "cmd", "args", "code", "language",
		"timeout_ms", "env", "work_dir", "stdin_mode", "output_mode", "params", "prep", "input_key", "input_map", "post", "output_key", "output_map",
		"action_static", "action_key", "max_retries", "wait_ms", "max_attempts", "attempt_delay_ms", "weighted_by_load", "parallel_services", "parallel_execs",
		"foreach_execs", "choice_key", "default_action", "subflow", "subflow_execs", "choice_cases", "parallel_mode", "max_parallel", "failure_strategy",
		"expr", "node", "index", "definition_json", "flow_id", "status"},
	"parevo": {"id", "namespace", "name", "description", "version", "status", "nodes", "edges", "labels", "metadata", "createdAt", "updatedAt", "type", "config",
		"retryCount", "retryPolicy", "maxAttempts", "initialInterval", "backoffCoefficient", "maximumInterval", "compensateNodeId", "sourceId", "targetId",
		"condition"},
	"dag-engine": {"apiVersion", "kind", "metadata", "spec", "id", "name", "version", "description", "labels", "annotations", "nodes", "triggers",
		"configuration", "dependencies", "executor", "type", "code", "config", "http", "cron", "port", "path", "method", "timeout_seconds", "schedule", "inputs",
		"timezone", "secrets", "kubernetes", "env", "namespace", "mount_path", "keys", "resource_limits", "service_account", "cpu", "memory", "timeout", "retries"},
	"gofi": {"id", "name", "description", "nodes", "connections", "type", "meta", "x", "y", "params", "nid", "input_node", "output_node"},
}
