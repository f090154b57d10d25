package spec

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// refused parses hostile text and reports the codes. Work is bounded by what was allocated, not by the clock, so a
// slow machine changes nothing: allocated bytes stay within a multiple of the text and a constant.
func refused(t *testing.T, src, file string) []string {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	docs, faults := CheckAll([]byte(src), testOptions(file))
	runtime.ReadMemStats(&after)
	const constant, factor = 64 << 20, 600
	if used := after.TotalAlloc - before.TotalAlloc; used > constant+factor*uint64(min(len(src), MaxDocument)) {
		t.Errorf("%d bytes allocated for %d bytes of text", used, len(src))
	}
	if len(faults) > MaxFaults+1 {
		t.Errorf("%d faults", len(faults))
	}
	for _, f := range faults {
		if len(f.Message) > 500 || len(f.Hint) > 700 || len(f.Pretty(true)) > 3000 {
			t.Errorf("a fault of %d bytes: %.200s", len(f.Pretty(true)), f.Message)
		}
	}
	if len(docs) > MaxDocuments {
		t.Errorf("%d documents", len(docs))
	}
	codes := make([]string, len(faults))
	for i, f := range faults {
		codes[i] = f.Code
	}
	return codes
}

// TestS30HostileDefinitions feeds what kills a naive process.
func TestS30HostileDefinitions(t *testing.T) {
	rep := strings.Repeat
	head := "workflow: w\nnodes:\n  - a: {call: x}\n"
	bomb := "a0: &a0 [x]\n"
	for i := 1; i < 40; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
	}
	deepDo := "workflow: w\nnodes: " + rep(`{"s%d": {"scope": {"do": `, 0)
	for i := range 30 {
		deepDo += fmt.Sprintf("[{s%d: {scope: {do: ", i)
	}
	deepDo += "[{z: {call: x}}]" + rep("}}}]", 30)
	for name, c := range map[string]struct{ src, file, code string }{
		"10,000 nested lists":          {head + "ui: " + rep("[", 10000) + rep("]", 10000), "", CodeTooDeep},
		"1,000,000 open lists":         {rep("[", 1_000_000), "", CodeTooLarge},
		"500,000 open lists":           {rep("[", 500_000), "", CodeTooDeep},
		"100,000 open maps":            {rep("{a: ", 100_000), "", CodeTooDeep},
		"200,000 dashes":               {rep("- ", 200_000), "", CodeTooDeep},
		"200,000 complex keys":         {rep("? ", 200_000), "", CodeTooDeep},
		"10,000 nested JSON":           {`{"workflow":"w","ui":` + rep("[", 10000) + rep("]", 10000) + "}", "x.json", CodeTooDeep},
		"100,000 open JSON lists":      {rep("[", 100_000), "x.json", CodeTooDeep},
		"alias bomb":                   {head + bomb, "", CodeAlias},
		"alias bomb by merge":          {head + "ui:\n  big: &a\n" + unknownKeys(2000, "    ") + "  list:\n" + rep("  - {<<: *a}\n", 10_000), "", CodeAlias},
		"alias of itself":              {head + "ui: &a [*a]\n", "", CodeAlias},
		"alias of what holds it":       {head + "ui: &a {b: {c: *a}}\n", "", CodeAlias},
		"deep by aliases":              {head + "ui:\n" + deepAliases(), "", CodeTooDeep},
		"10 MB":                        {"workflow: w\ndescription: " + rep("x", 10<<20), "", CodeTooLarge},
		"20 MB":                        {rep("# x\n", 5<<20), "", CodeTooLarge},
		"10,000 documents":             {rep("---\nworkflow: w\n", 10_000), "", CodeTooMany},
		"100,000 unknown keys":         {head + unknownKeys(40_000, ""), "", CodeUnknownKey},
		"20,000 nodes, none reached":   {"workflow: w\nnodes:\n" + nodes(20_000, "{call: x}"), "", CodeStart},
		"30,000 edges to nowhere":      {"workflow: w\nnodes:\n" + nodes(10_000, "{call: x, next: nowhere}"), "", CodeUnknownNode},
		"duplicate keys":               {head + rep("owner: x\n", 40_000), "", CodeDuplicate},
		"unclosed quotes":              {head + rep("owner: \"x\n", 1000), "", CodeSyntax},
		"NUL":                          {head + "owner: \"\x00\"", "", CodeEncoding},
		"invalid UTF-8":                {head + "owner: \xff\xfe", "", CodeEncoding},
		"UTF-16":                       {"\xff\xfew\x00o\x00", "", CodeEncoding},
		"bidirectional override":       {head + "owner: \u202eshop\u202c", "", CodeEncoding},
		"escape sequence":              {head + "owner: \x1b[31m", "", CodeEncoding},
		"1 MB id":                      {"workflow: " + rep("w", 400_000) + "\nnodes: {a: {call: x}}", "", CodeName},
		"homoglyph id":                 {"workflow: ord\u0435r\nnodes: {a: {call: x}}", "", CodeName},
		"long node id":                 {"workflow: w\nnodes: {" + rep("a", 400_000) + ": {call: x}}", "", CodeName},
		"not a map":                    {"- workflow: w\n", "", CodeWrongType},
		"a number":                     {"42\n", "", CodeWrongType},
		"scopes 30 deep":               {deepDo, "", "too_deep"},
		"expression of 400,000 (":      {"workflow: w\nnodes: {a: {if: '" + rep("(", 400_000) + "', call: x}}", "", "expression_too_complex"},
		"expression of 400,000 -":      {"workflow: w\nnodes: {a: {if: '" + rep("-", 400_000) + "1', call: x}}", "", "expression_too_complex"},
		"template of 100,000 ${":       {"workflow: w\nnodes: {a: {log: '" + rep("${ ", 100_000) + "', call: x}}", "", "expression_syntax"},
		"negative duration":            {head + "timeout: -1s\n", "", CodeDuration},
		"overflowing duration":         {head + "timeout: 99999999999999999999d\n", "", CodeDuration},
		"zone of the file system":      {head + "triggers: [{cron: '0 0 * * *', zone: ../../etc/passwd}]\n", "", CodeValue},
		"cron without a step":          {head + "triggers: [{cron: '*/0 * * * *'}]\n", "", CodeValue},
		"schema that reads a file":     {head + "input: {schema: {$ref: 'file:///etc/passwd'}}\n", "", CodeSchema},
		"schema with a broken pattern": {head + "input: {schema: {pattern: '(a{1000}){1000}'}}\n", "", CodeSchema},
		"NaN":                          {head + "vars: {x: .nan}\n", "", CodeNumber},
		"1e400":                        {head + "vars: {x: 1e400}\n", "", CodeNumber},
		"2^63":                         {head + "vars: {x: 9223372036854775808}\n", "", CodeNumber},
		"JSON and text behind it":      {`{"workflow":"w","nodes":{"a":{"call":"x"}}} x`, "x.json", CodeSyntax},
		"JSON with a comment":          {`{"workflow":"w"/**/}`, "x.json", CodeSyntax},
		"JSON with duplicate keys":     {`{"workflow":"w","workflow":"v","nodes":{"a":{"call":"x"}}}`, "x.json", CodeDuplicate},
		"JSON with half a surrogate":   {`{"workflow":"w","owner":"\ud800","nodes":{"a":{"call":"x"}}}`, "x.json", CodeSyntax},
		"10 MB number":                 {`{"workflow":` + rep("1", 500_000) + `}`, "x.json", CodeNumber},
		"nothing":                      {"", "", CodeEmpty},
		"only markers":                 {rep("---\n", 900), "", CodeEmpty},
		"a directive of another YAML":  {"%FOO bar\n---\n" + head, "", CodeSyntax},
		"tabs":                         {"workflow: w\nnodes:\n\ta: {call: x}\n", "", CodeTab},
	} {
		t.Run(name, func(t *testing.T) {
			if codes := refused(t, c.src, c.file); !slices.Contains(codes, c.code) {
				t.Errorf("codes %.300v, want %s", codes, c.code)
			}
		})
	}
}

func unknownKeys(n int, indent string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%skey%d: 1\n", indent, i)
	}
	return b.String()
}

func nodes(n int, body string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  n%d: %s\n", i, body)
	}
	return b.String()
}

// deepAliases nests 30 lists in each of 30 aliases.
func deepAliases() string {
	out := "  a0: &a0 x\n"
	for i := 1; i <= 30; i++ {
		out += fmt.Sprintf("  a%d: &a%d %s*a%d%s\n", i, i, strings.Repeat("[", 30), i-1, strings.Repeat("]", 30))
	}
	return out
}

// TestS30LargeDefinitionsWork: what is large but within bounds is read.
func TestS30LargeDefinitionsWork(t *testing.T) {
	chain := "workflow: w\nnodes:\n"
	for i := range 5000 {
		chain += fmt.Sprintf("  - n%d: {call: x, args: {i: %d}}\n", i, i)
	}
	docs, faults := Parse([]byte(chain), testOptions(""))
	if faults != nil || len(docs[0].Workflow.Root.Graph.Edges) != 4999 {
		t.Errorf("a chain of 5000: %v", faults)
	}
	fan := "workflow: w\nnodes:\n  begin: {call: x}\n" + nodes(5000, "{call: x, after: begin}")
	if _, faults := Parse([]byte(fan), testOptions("")); faults != nil {
		t.Errorf("a fan of 5000: %v", faults)
	}
}

// TestParseIsDeterministic reads hostile and good text twice.
func TestParseIsDeterministic(t *testing.T) {
	for _, path := range append(definitions(t), glob(t, "../../examples/broken/*")...) {
		src := readTest(t, path)
		docs, first := CheckAll(src, testOptions(path))
		for range 5 {
			again, second := CheckAll(src, testOptions(path))
			if first.Error() != second.Error() || string(models(t, docs)) != string(models(t, again)) {
				t.Fatalf("%s is read differently", path)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/*/*.yaml", "../../examples/*/*.yaml", "../../examples/broken/*"} {
		for _, path := range globAll(f, pattern) {
			f.Add(string(readTest(f, path)))
		}
	}
	f.Fuzz(func(t *testing.T, src string) {
		docs, faults := CheckAll([]byte(src), testOptions("f.yaml"))
		for _, fault := range faults {
			if fault.Line < 1 || fault.Column < 1 || fault.Code == "" || fault.Message == "" {
				t.Errorf("incomplete: %+v", fault)
			}
			_ = fault.Pretty(true)
		}
		if len(docs) != 1 || faults.Bad() {
			return
		}
		text, err := Marshal(docs[0].Workflow)
		if err != nil {
			t.Fatal(err)
		}
		back, faults := Parse(text, testOptions("f.yaml"))
		if faults.Bad() || len(back) != 1 {
			t.Fatalf("not read back: %v\n%s", faults, text)
		}
		a, _ := docs[0].Workflow.Hash()
		b, _ := back[0].Workflow.Hash()
		if a != b {
			t.Fatalf("another hash is read back\n%s\n%s\n%s", text, models(t, docs), models(t, back))
		}
	})
}
