package archtest

// Pawl is the rule of this repository. docs/adr/0001-rings.md says why; docs/internals/packages.md is printed from it.
var Pawl = House{
	Places: []Place{
		// Ring 0: words.
		{Path: "model", Ring: 0, Role: Words, For: "definitions, outcomes, statuses, results"},
		{Path: "record", Ring: 0, Role: Words, For: "what is durable: entries, heads, parts, messages, fences"},
		{Path: "internal/sim/bug", Ring: 0, Role: Words, For: "names of the seeded mistakes; constant false in a release"},
		{Path: "internal/fault", Ring: 0, Role: Words, For: "names of the points at which a crash is worth trying"},
		{Path: "internal/nearest", Ring: 0, Role: Words, For: "what a mistyped word was meant to be"},
		{Path: "internal/semver", Ring: 0, Role: Words, For: "semantic versions, their order, and constraints"},

		// Ring 1: laws.
		{Path: "internal/expr", Ring: 1, Role: Laws, For: "expressions: parse, check, evaluate with limits",
			May: []string{"model", "record", "internal/nearest"}, Mods: []string{"github.com/expr-lang/expr"}},
		{Path: "internal/calendar", Ring: 1, Role: Laws, For: "when schedules are due: cron lines in a zone, equal distances"},
		{Path: "internal/kernel/graph", Ring: 1, Role: Laws, For: "tokens, joins, dead paths, regions",
			May: []string{"model", "internal/nearest"}},
		{Path: "internal/kernel", Ring: 1, Role: Laws, For: "one execution: state and inputs to operations",
			May: []string{"model", "record", "internal/calendar", "internal/expr", "internal/kernel/graph", "internal/nearest", "internal/sim/bug"}},
		{Path: "internal/shard", Ring: 1, Role: Laws, For: "many executions: timers, keys, inbox, dispatch, admission",
			May: []string{"model", "record", "internal/calendar", "internal/expr", "internal/kernel", "internal/sim/bug"}},
		{Path: "internal/spec", Ring: 1, Role: Laws, For: "YAML and JSON to the model, with positions for every fault",
			May: []string{"model", "internal/calendar", "internal/expr", "internal/kernel", "internal/kernel/graph", "internal/nearest", "internal/semver"}, Mods: []string{"go.yaml.in/yaml/v4", "github.com/santhosh-tekuri/jsonschema/v6", "golang.org/x/text"}},
		{Path: "internal/query", Ring: 1, Role: Laws, For: "the text of a search to what it asks for, and back",
			May: []string{"record", "internal/expr", "internal/nearest"}},
		{Path: "internal/importer", Ring: 1, Role: Laws, For: "definitions of other engines to ours, with a report",
			May: []string{"model", "internal/expr", "internal/spec", "internal/nearest"}},
		{Path: "internal/narrow", Ring: 1, Role: Laws, For: "what an input schema took and another refuses"},
		{Path: "internal/catalog", Ring: 1, Role: Laws, For: "deployed versions: which a start uses, what a deploy may change, who depends on whom",
			May: []string{"model", "record", "internal/semver", "internal/narrow", "internal/spec"}},
		{Path: "internal/diff", Ring: 1, Role: Laws, For: "what changed between two definitions",
			May: []string{"model", "internal/narrow"}},
		{Path: "internal/draw", Ring: 1, Role: Laws, For: "a workflow as text, Mermaid, DOT, SVG",
			May: []string{"model"}},

		// Ring 2: contracts.
		{Path: "store", Ring: 2, Role: Contract, For: "what a store does",
			May: []string{"record"}},
		{Path: "node", Ring: 2, Role: Contract, For: "what an executor does, and its descriptor",
			May: []string{"model"}},
		{Path: "store/storetest", Ring: 2, Role: Suite, For: "the one conformance suite of stores",
			May: []string{"model", "record", "store"}, Mods: []string{"pgregory.net/rapid"}},
		{Path: "node/nodetest", Ring: 2, Role: Suite, For: "the one conformance suite of executors",
			May: []string{"model", "node"}, Mods: []string{"github.com/santhosh-tekuri/jsonschema/v6", "go.uber.org/goleak"}},

		// Ring 3: machinery, then adapters.
		{Path: "internal/engine", Ring: 3, Role: Machinery, For: "Machine decides, Loop runs its requests",
			May: []string{"model", "record", "internal/expr", "internal/kernel", "internal/shard", "internal/spec", "internal/catalog", "internal/sim/bug", "internal/fault", "store", "node", "internal/runner"}},
		{Path: "internal/zone", Ring: 3, Role: Machinery, For: "time zones by name, from the embedded database",
			May: []string{"internal/calendar"}},
		{Path: "internal/runner", Ring: 3, Role: Machinery, For: "lease, execute, report: one loop, in process and in a worker",
			May: []string{"model", "record", "internal/expr", "internal/kernel", "node"}},
		{Path: "internal/sim/cmd/sim", Ring: 5, Role: Wiring, For: "the seeded world as a program",
			May: []string{"internal/sim", "internal/sim/bug"}},
		{Path: "internal/sim/...", Ring: 3, Role: Machinery, For: "the seeded world: many Machines, a faulty store, clocks",
			May: []string{"model", "record", "internal/expr", "internal/kernel", "internal/shard", "internal/spec", "internal/engine", "internal/runner", "internal/sim/...", "store", "node"}},
		{Path: "store/memory", Ring: 3, Role: Adapter, For: "a store that forgets",
			May: []string{"record", "store"}},
		{Path: "store/sqlite", Ring: 3, Role: Adapter, For: "the embedded store",
			May: []string{"record", "store", "store/internal/sqlstore", "internal/fault"}, Mods: []string{"zombiezen.com/go/sqlite", "modernc.org/sqlite", "modernc.org/libc", "golang.org/x/sys"}},
		{Path: "store/internal/judge", Ring: 3, Role: Adapter, For: "whose rows make a batch impossible, for stores that refuse it as a whole",
			May: []string{"record", "store"}},
		{Path: "store/internal/sqlstore", Ring: 3, Role: Adapter, For: "what the drivers of SQL databases share",
			May: []string{"record", "store", "store/internal/judge", "internal/fault"}},
		{Path: "store/mysql", Ring: 3, Role: Adapter, For: "the store in MySQL and MariaDB",
			May: []string{"record", "store", "store/internal/judge", "store/internal/sqlstore", "internal/fault"}, Mods: []string{"github.com/go-sql-driver/mysql"}},
		{Path: "store/postgres", Ring: 3, Role: Adapter, For: "the store in PostgreSQL",
			May: []string{"record", "store", "store/internal/judge", "store/internal/sqlstore", "internal/fault"}, Mods: []string{"github.com/jackc/pgx/v5", "golang.org/x/sys"}},
		{Path: "store/redis", Ring: 3, Role: Adapter, For: "the store on a Redis server",
			May: []string{"record", "store", "internal/fault"}, Mods: []string{"github.com/redis/rueidis"}},
		{Path: "store/sealed", Ring: 3, Role: Adapter, For: "bodies compressed and encrypted on their way to any store and back",
			May: []string{"record", "store"}, Mods: []string{"github.com/klauspost/compress"}},
		{Path: "internal/egress", Ring: 3, Role: Adapter, For: "the one way out: a dialer that refuses private addresses"},
		{Path: "node/http", Ring: 3, Role: Adapter, For: "effect node http",
			May: []string{"model", "node", "internal/egress"}},
		{Path: "node/function", Ring: 3, Role: Adapter, For: "effect node function",
			May: []string{"model", "node", "internal/nearest"}},
		{Path: "node/exec", Ring: 3, Role: Adapter, For: "effect node exec",
			May: []string{"model", "node"}},
		{Path: "node/standard", Ring: 3, Role: Adapter, For: "the node types that a program gets unless it says otherwise",
			May: []string{"model", "node", "node/http", "node/function", "node/exec", "internal/egress"}},

		// Ring 4: doors.
		{Path: ".", Ring: 4, Role: Door, For: "package pawl, the Go API for embedding: a facade",
			May: []string{"model", "record", "internal/expr", "internal/kernel", "internal/shard", "internal/spec", "internal/draw", "internal/catalog", "internal/diff", "internal/semver", "internal/query", "internal/nearest",
				"internal/calendar", "internal/zone", "store", "node", "internal/engine", "internal/runner", "store/memory", "node/function"}},

		{Path: "internal/rehearse", Ring: 4, Role: Door, For: "workflows on virtual time, with answers in place of executors",
			May: []string{"model", "record", "internal/expr", "internal/kernel", "internal/shard", "internal/spec", "store", "node",
				"internal/engine", "internal/runner", "internal/zone", "store/memory"}},

		{Path: "pawltest", Ring: 4, Role: Door, For: "tests of workflows in plain go test, on virtual time",
			May: []string{".", "model", "record", "internal/expr", "internal/kernel", "internal/shard", "internal/spec", "internal/engine",
				"internal/rehearse", "node", "node/function", "node/standard"}},

		// Ring 5: wiring.
		{Path: "cmd/pawl/...", Ring: 5, Role: Wiring, For: "the command line",
			May: []string{".", "model", "record", "internal/expr", "internal/spec", "internal/draw", "internal/importer", "internal/rehearse", "store", "store/...", "node", "node/...", "cmd/pawl/..."}},
		{Path: "examples/...", Ring: 5, Role: Wiring, For: "whole programs, built and run by CI",
			May: []string{".", "model", "store", "store/...", "node", "node/...", "pawltest", "examples/..."}},
		{Path: "internal/crashtest/...", Ring: 5, Role: Wiring, For: "real processes, killed",
			May: []string{".", "model", "record", "store", "store/...", "node", "node/...", "internal/..."}},
		{Path: "internal/bubble", Ring: 5, Role: Wiring, For: "the whole engine in bubbles, over a store behind a gate: tests only"},
		{Path: "internal/acceptance", Ring: 5, Role: Wiring, For: "bad input and faults, met from the outside: tests only"},
		{Path: "internal/pages", Ring: 5, Role: Wiring, For: "what the pages about the language and the cookbook show, run: tests only"},
		{Path: "internal/servertest", Ring: 5, Role: Wiring, For: "databases of their own on real servers, for tests",
			Mods: []string{"github.com/go-sql-driver/mysql", "github.com/redis/rueidis"}},
		{Path: "internal/archtest", Ring: 5, Role: Wiring, For: "this rule as a test"},
	},
	Pure:      []string{"model", "record", "internal/nearest", "internal/semver", "internal/narrow", "internal/catalog", "internal/diff", "internal/expr", "internal/calendar", "internal/kernel/...", "internal/shard", "internal/spec", "internal/importer", "internal/draw"},
	PureFiles: []string{"internal/engine/*.go"},
	Impure: []string{
		"internal/engine/loop*.go",  // run requests on goroutines, lease, watch; decide nothing
		"internal/engine/define.go", // reads a definition for the Loop
	},
	Tags: []string{"simbugs"},
	Lean: map[string][]string{
		// Whoever embeds the engine links the expression grammar, the YAML and JSON Schema parsers, and no driver.
		".": {"github.com/expr-lang/expr", "go.yaml.in/yaml/v4", "github.com/santhosh-tekuri/jsonschema/v6", "golang.org/x/text"},
	},
	Budget: Budget{
		Methods:   14,
		Lines:     600,
		TestLines: 1000,
		Func:      80,
		Files:     map[string]int{"internal/engine/loop.go": 400},
		Names:     []string{"util", "utils", "common", "helper", "helpers", "types", "base", "misc", "shared"},
	},
	Except: []Exception{
		{"internal/engine/*.go", "pure code imports time", "intervals are durations; the clock stays refused"},
	},
}
