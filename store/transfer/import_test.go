package transfer_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store/transfer"
)

// exported is the export of a store.
func exported(t testing.TB, s *stand, o transfer.ExportOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	o.Watch = quick.Watch
	if _, err := transfer.Export(t.Context(), s, &b, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestExportImportIsEqual takes a store through lines of JSON; again, it finds everything equal.
func TestExportImportIsEqual(t *testing.T) {
	from, to := filled(t), file(t, filepath.Join(t.TempDir(), "pawl.db"))
	lines := exported(t, from, transfer.ExportOptions{})
	if !bytes.Contains(lines, []byte(`"body":{"v":1,"ops":[{"n":0,"t":"a<b & `)) {
		t.Error("what is JSON is not readable")
	}
	dry := quick
	dry.DryRun = true
	if done, err := transfer.Import(t.Context(), bytes.NewReader(lines), to, dry); err != nil || done.Executions == 0 || len(all(t, to).heads) != 0 {
		t.Fatalf("%+v %v", done, err)
	}
	first, err := transfer.Import(t.Context(), bytes.NewReader(lines), to, quick)
	if err != nil {
		t.Fatal(err)
	}
	alike(t, from, to)
	again, err := transfer.Import(t.Context(), bytes.NewReader(lines), to, quick)
	if err != nil || again.Same != first.Executions {
		t.Fatalf("%+v after %+v: %v", again, first, err)
	}
	alike(t, from, to)
}

// TestExportTellsWhatIsLive reads a store that somebody owns, and says so.
func TestExportTellsWhatIsLive(t *testing.T) {
	from := filled(t)
	from.claim()
	lines := exported(t, from, transfer.ExportOptions{Live: true})
	head, err := transfer.ReadHeader(bytes.NewReader(lines))
	if err != nil || !head.Unclean {
		t.Fatalf("%+v %v", head, err)
	}
	to := emptyStore(t)
	if _, err := transfer.Import(t.Context(), bytes.NewReader(lines), to, quick); err != nil {
		t.Fatal(err)
	}
	alike(t, from, to)
	if claims, err := to.Claims(t.Context()); err != nil || claims[0].Owner == (record.Owner{}) {
		t.Errorf("it looks closed: %v", err)
	}
}

// small is an export of a parent with a child and a message, line by line.
func small(t testing.TB) []string {
	s := newStore(t)
	parent, child := s.execution(1, 2), s.execution(2, 1)
	child.head.Parent = parent.head.Execution
	s.put(parent)
	s.put(child)
	s.must(s.Send(t.Context(), []record.Message{{
		ID: record.MessageID{From: record.NewID(1, 1, 1)}, Shard: child.head.Execution.Shard(len(s.fences)), Namespace: "default", To: child.head.Execution, Body: []byte(`{"verb":"x"}`),
	}}))
	s.leave()
	return strings.SplitAfter(strings.TrimSuffix(string(exported(t, s, transfer.ExportOptions{})), "\n"), "\n")
}

// TestS32_CraftedExportsAreRefused changes one thing at a time: each is refused with its line, and nothing is written.
func TestS32_CraftedExportsAreRefused(t *testing.T) {
	good := small(t)
	// 0 header, 1 parent, 2 and 3 its entries, 4 child, 5 its entry, 6 message, 7 end
	if len(good) != 8 {
		t.Fatalf("%d lines:\n%s", len(good), strings.Join(good, ""))
	}
	field := func(l, name string) string {
		_, rest, _ := strings.Cut(l, `"`+name+`":"`)
		value, _, _ := strings.Cut(rest, `"`)
		return value
	}
	parent, child := field(good[1], "id"), field(good[4], "id")
	change := func(n int, old, new string) func([]string) []string {
		return func(l []string) []string {
			if !strings.Contains(l[n], old) {
				t.Fatalf("line %d has no %s: %s", n+1, old, l[n])
			}
			l[n] = strings.Replace(l[n], old, new, 1)
			return l
		}
	}
	drop := func(n int) func([]string) []string {
		return func(l []string) []string { return append(l[:n:n], l[n+1:]...) }
	}
	insert := func(n int, id, ns, digit, text string) func([]string) []string {
		l := fmt.Sprintf(`{"blob":{"execution":%q,"namespace":%q,"sum":%q,"body":%q}}`+"\n", id, ns, strings.Repeat(digit, 32), text)
		return func(list []string) []string { return slices.Insert(list, n, l) }
	}
	future := record.NewID(1<<47, 1, 1).String()
	for _, c := range []struct {
		name, want string
		edit       func([]string) []string
	}{
		{"another tenant", "line 2: the namespace \"other\" is not one", change(1, `"namespace":"default"`, `"namespace":"other"`)},
		{"a tenant that is no name", "line 1: \"../x\" is no namespace", change(0, `["default"]`, `["../x"]`)},
		{"a message to another tenant", "line 7: the namespace", change(6, `"namespace":"default"`, `"namespace":"other"`)},
		{"an entry of another execution", "line 3: the entry is of the execution", change(2, parent, child)},
		{"a gap", "line 4: entry 3 of", change(3, `"seq":2`, `"seq":3`)},
		{"an entry that is missing", "line 3: entry 2 of", drop(2)},
		{"no entries", "line 6: the execution " + child + " before it has no entries", drop(5)},
		{"a wrong sum", "line 3: the checksum of entry 1", change(2, `"n":0`, `"n":1`)},
		{"another time", "line 3: the checksum", change(2, `"at":1`, `"at":2`)},
		{"a circle", "is its own ancestor", change(1, `"status"`, `"parent":"`+child+`","status"`)},
		{"its own parent", "line 5: it is its own parent", change(4, `"parent":"`+parent, `"parent":"`+child)},
		{"a parent that is missing", "line 5: the parent", change(4, `"parent":"`+parent, `"parent":"`+record.NewID(5, 5, 5).String())},
		{"an epoch", `line 2: unknown field "epoch"`, change(1, `"status"`, `"epoch":99,"status"`)},
		{"an id of the future", "is of the future", func(l []string) []string { return change(5, child, future)(change(4, child, future)(l)) }},
		{"a line that is too long", "line 6: it is longer than", func(l []string) []string {
			l[5] = strings.Repeat("x", 49<<20) + "\n"
			return l
		}},
		{"twice", "comes twice", func(l []string) []string { return append(append(append([]string{}, l[:6]...), l[4], l[5]), l[6:]...) }},
		{"a text that is too long", "line 2: a text is longer", change(1, `"status":"running"`, `"status":"`+strings.Repeat("x", 600)+`"`)},
		{"a NUL", "line 2: a text is longer", change(1, `"status":"running"`, `"status":"a\u0000"`)},
		{"two things", "line 2: it says 2 things", change(1, `{"execution"`, `{"end":{"data_keys":0,"definitions":0,"executions":0,"entries":0,"messages":0},"execution"`)},
		{"something behind", "line 2: something follows", change(1, "}\n", "} {}\n")},
		{"no JSON", "line 2: invalid character", func(l []string) []string { l[1] = "x\n"; return l }},
		{"a later format", "line 1: its format is 2", change(0, `"format":1`, `"format":2`)},
		{"no header", "line 1: the first line", drop(0)},
		{"cut off", "the end is missing", drop(7)},
		{"a wrong count", "line 8: the end counts", change(7, `"entries":3`, `"entries":4`)},
		{"a late execution", "line 8: it comes too late", func(l []string) []string {
			return []string{l[0], l[1], l[2], l[3], l[4], l[5], l[6], l[1], l[7]}
		}},
		{"an unknown codec", "has the codec 255", func(l []string) []string {
			return change(2, l[2][strings.Index(l[2], `"body"`):strings.LastIndex(l[2], "}}")], `"raw":"/w=="`)(l)
		}},
		{"a key of another shard", "line 2: the id is not one that its key gives", change(1, `"status"`, `"key":"k","key_row":{"digest":"1"},"status"`)},
		{"a payload of another tenant", "line 3: a payload of", insert(2, parent, "other", "00", "x")},
		{"a payload of another execution", "line 3: the execution " + parent + " before it has no entries", insert(2, child, "default", "00", "x")},
		{"a payload behind the entries", "line 7: a payload of " + parent + " comes behind", insert(6, parent, "default", "00", "x")},
		{"a payload without a hash", "line 3: it is no payload", insert(2, parent, "default", "", "x")},
		{"another payload than its hash names", "line 3: a payload of " + parent + " is not the one", func(l []string) []string {
			return insert(2, parent, "default", "00", "x")(change(0, `"namespaces"`, `"decrypted":true,"namespaces"`)(l))
		}},
		{"a payload too many", "the end counts", insert(2, parent, "default", "00", "x")},
	} {
		to := emptyStore(t)
		before := all(t, to)
		text := strings.Join(c.edit(append([]string{}, good...)), "")
		_, err := transfer.Import(t.Context(), strings.NewReader(text), to, quick)
		if !errors.Is(err, transfer.ErrLine) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %.300v", c.name, err)
		}
		if !reflect.DeepEqual(before, all(t, to)) {
			t.Errorf("%s: something was written", c.name)
		}
	}
	if _, err := transfer.Import(t.Context(), strings.NewReader(strings.Join(good, "")), emptyStore(t), transfer.Options{Namespace: "mine"}); !errors.Is(err, transfer.ErrLine) {
		t.Errorf("of another tenant than the one that was to be imported: %v", err)
	}
	if _, err := transfer.Import(t.Context(), strings.NewReader(strings.Join(good, "")), emptyStore(t), quick); err != nil {
		t.Errorf("as it was: %v", err)
	}
}

// TestS32_ImportIntoWhatDiffers: the second execution of the file is there with other content, so the first is not written.
func TestS32_ImportIntoWhatDiffers(t *testing.T) {
	text := strings.Join(small(t), "")
	to := newStore(t)
	other := to.execution(2, 1)
	other.head.Namespace = "rival"
	to.put(other)
	to.leave()
	_, err := transfer.Import(t.Context(), strings.NewReader(text), to, quick)
	if !errors.Is(err, transfer.ErrDiffers) || !strings.Contains(fmt.Sprint(err), "line 5") {
		t.Fatal(err)
	}
	if n := len(all(t, to).heads); n != 1 {
		t.Fatalf("%d executions", n)
	}
}
