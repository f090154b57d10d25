package sqlstore

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// rows answers every query with its rows, in their order, and then with err. A server may give rows of a statement
// without ORDER BY in any order, but none that runs in the tests does.
type rows struct {
	rows [][]any
	err  error
}

func (rows) Exec(context.Context, string, ...any) (int64, error) { return 0, nil }

func (r rows) Query(_ context.Context, _ string, _ []any, row func(scan func(dest ...any) error) error) error {
	for _, values := range r.rows {
		scan := func(dest ...any) error {
			for i := range dest {
				reflect.ValueOf(dest[i]).Elem().Set(reflect.ValueOf(values[i]))
			}
			return r.err
		}
		if err := row(scan); err != nil {
			return err
		}
	}
	return nil
}

// storeOfAnyOrder is one whose database takes any columns.
func storeOfAnyOrder() *Store {
	values := func(string, ...Column) (string, []any) { return "", nil }
	return &Store{Config: Config{Dialect: &Dialect{Values: values}}}
}

func TestEntriesAreLoadedInOrder(t *testing.T) {
	a, b := record.NewID(1, 0, 1), record.NewID(2, 0, 1)
	entry := func(id record.ID, seq int64) []any { return []any{id[:], seq, int64(0), int64(0), []byte{}} }
	q := rows{rows: [][]any{entry(a, 3), entry(b, 2), entry(a, 1), entry(b, 1), entry(a, 2)}}
	found := map[record.ID]*store.Loaded{a: {}, b: {}}
	if err := storeOfAnyOrder().loadEntries(t.Context(), q, found); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[record.ID]int{a: 3, b: 2} {
		if got := len(found[id].Entries); got != want {
			t.Fatalf("%s has %d entries, want %d", id, got, want)
		}
		for i, e := range found[id].Entries {
			if e.Seq != uint64(i+1) {
				t.Errorf("entry %d of %s comes at place %d", e.Seq, id, i+1)
			}
		}
	}
}

func TestTagsAreReadByName(t *testing.T) {
	id, text := record.NewID(1, 0, 1), "x"
	tag := func(name string) []any { return []any{id[:], name, &text, (*float64)(nil)} }
	head := &record.Head{}
	q := rows{rows: [][]any{tag("c"), tag("a"), tag("b")}}
	if err := storeOfAnyOrder().readTags(t.Context(), q, map[record.ID]*record.Head{id: head}); err != nil {
		t.Fatal(err)
	}
	want := []record.Tag{{Name: "a", Text: "x"}, {Name: "b", Text: "x"}, {Name: "c", Text: "x"}}
	if !reflect.DeepEqual(head.Tags, want) {
		t.Errorf("got %v, want %v", head.Tags, want)
	}
}

// TestARowThatCannotBeReadIsAnError: an entry of nobody knows which execution is not put anywhere.
func TestARowThatCannotBeReadIsAnError(t *testing.T) {
	broken := errors.New("broken")
	q := rows{rows: [][]any{{[]byte{}, int64(0), int64(0), int64(0), []byte{}}}, err: broken}
	if err := storeOfAnyOrder().loadEntries(t.Context(), q, map[record.ID]*store.Loaded{}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
