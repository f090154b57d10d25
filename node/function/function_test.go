package function

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
)

type item struct {
	SKU  string `json:"sku"`
	N    int    `json:"n"`
	Note string `json:"note,omitempty"`
}

// run registers fn as f, calls it with args and returns what became of it.
func run[In, Out any](t *testing.T, fn func(context.Context, In) (Out, error), args string, opts ...Option) model.Result {
	t.Helper()
	var set Set
	if err := Register(&set, "f", fn, opts...); err != nil {
		t.Fatal(err)
	}
	with := `{"name":"f"}`
	if args != "" {
		with = `{"args":` + args + `,"name":"f"}`
	}
	res, err := set.Execute(t.Context(), &node.Task{With: json.RawMessage(with), Attempt: 2, Key: "k", Heartbeat: func(any) {}, Log: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func same[T any](_ context.Context, v T) (T, error) { return v, nil }

func TestAnythingThatIsJSONGoesThrough(t *testing.T) {
	for name, tc := range map[string]struct{ res, want model.Result }{
		"struct":   {res: run(t, same[item], `{"sku":"a","n":2}`), want: model.Result{Output: json.RawMessage(`{"sku":"a","n":2}`)}},
		"list":     {res: run(t, same[[]item], `[{"sku":"a","n":2}]`), want: model.Result{Output: json.RawMessage(`[{"sku":"a","n":2}]`)}},
		"map":      {res: run(t, same[map[string]int], `{"b":1,"a":2}`), want: model.Result{Output: json.RawMessage(`{"a":2,"b":1}`)}},
		"int":      {res: run(t, same[int64], `9007199254740993`), want: model.Result{Output: json.RawMessage(`9007199254740993`)}},
		"string":   {res: run(t, same[string], `"aé"`), want: model.Result{Output: json.RawMessage(`"aé"`)}},
		"raw":      {res: run(t, same[json.RawMessage], `{"z": 1.50, "a":9007199254740993}`), want: model.Result{Output: json.RawMessage(`{"z": 1.50, "a":9007199254740993}`)}},
		"no raw":   {res: run(t, same[json.RawMessage], ``), want: model.Result{Output: null}},
		"bytes":    {res: run(t, same[[]byte], `"aGk="`), want: model.Result{Output: json.RawMessage(`"aGk="`)}},
		"nothing":  {res: run(t, same[struct{}], ``), want: model.Result{Output: null}},
		"ignored":  {res: run(t, same[struct{}], `{"a":1}`), want: model.Result{Output: null}},
		"no args":  {res: run(t, same[item], ``), want: model.Result{Output: json.RawMessage(`{"sku":"","n":0}`)}},
		"pointer":  {res: run(t, same[*item], `null`), want: model.Result{Output: null}},
		"any":      {res: run(t, same[any], `[1,"a",null]`), want: model.Result{Output: json.RawMessage(`[1,"a",null]`)}},
		"duration": {res: run(t, same[time.Duration], `5`), want: model.Result{Output: json.RawMessage(`5`)}},
	} {
		if tc.res.Error != nil || string(tc.res.Output) != string(tc.want.Output) {
			t.Errorf("%s: %s %v, want %s", name, tc.res.Output, tc.res.Error, tc.want.Output)
		}
	}
}

func TestErrorsBecomeCodes(t *testing.T) {
	fail := func(err error) model.Result {
		return run(t, func(context.Context, struct{}) (struct{}, error) { return struct{}{}, err }, "")
	}
	plain := errors.New("no luck")
	for name, tc := range map[string]struct {
		res       model.Result
		code      string
		retryable string
		after     model.Millis
	}{
		"plain":           {fail(plain), "error", "", 0},
		"permanent":       {fail(fmt.Errorf("x: %w", Permanent(plain))), "error", "false", 0},
		"retry after":     {fail(RetryAfter(plain, 3*time.Second)), "error", "true", 3000},
		"coded":           {fail(fmt.Errorf("x: %w", &model.Error{Code: "no_stock", Message: "none"})), "no_stock", "", 0},
		"coded permanent": {fail(Permanent(&model.Error{Code: "no_stock", Message: "none"})), "no_stock", "false", 0},
	} {
		e := tc.res.Error
		retryable := ""
		if e != nil && e.Retryable != nil {
			retryable = fmt.Sprint(*e.Retryable)
		}
		if e == nil || e.Code != tc.code || retryable != tc.retryable || e.RetryAfter != tc.after {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if Permanent(nil) != nil || RetryAfter(nil, 1) != nil {
		t.Error("advice about no error is an error")
	}
}

func TestOutcomes(t *testing.T) {
	decline := func(context.Context, struct{}) (item, error) { return item{}, Outcome("declined", item{SKU: "a"}) }
	got := run(t, decline, "")
	if got.Outcome != "declined" || string(got.Output) != `{"sku":"a","n":0}` || got.Error != nil {
		t.Errorf("%+v", got)
	}
	if got := run(t, decline, "", Outcomes("declined", "later")); got.Outcome != "declined" {
		t.Errorf("declared: %+v", got)
	}
	if got := run(t, decline, "", Outcomes("later")); got.Error == nil || got.Error.Code != "bad_result" {
		t.Errorf("not declared: %+v", got)
	}
}

func TestF22ResultsThatAreNoJSON(t *testing.T) {
	type odd struct {
		V any
		S string
	}
	for name, res := range map[string]model.Result{
		"NaN":      run(t, func(context.Context, struct{}) (float64, error) { return math.NaN(), nil }, ""),
		"infinity": run(t, func(context.Context, struct{}) ([]float64, error) { return []float64{math.Inf(1)}, nil }, ""),
		"channel":  run(t, func(context.Context, struct{}) (any, error) { return make(chan int), nil }, ""),
		"func":     run(t, func(context.Context, struct{}) (odd, error) { return odd{V: func() {}}, nil }, ""),
		"UTF-8":    run(t, func(context.Context, struct{}) (map[string]odd, error) { return map[string]odd{"a": {S: "x\xff"}}, nil }, ""),
		"outcome":  run(t, func(context.Context, struct{}) (any, error) { return nil, Outcome("x", math.NaN()) }, ""),
	} {
		if res.Error == nil || res.Error.Code != "bad_result" || res.Error.Retryable == nil || *res.Error.Retryable {
			t.Errorf("%s: %s %+v", name, res.Output, res.Error)
		}
	}
	if res := run(t, same[string], `"\ufffd"`); res.Error != nil {
		t.Errorf("a real replacement character is refused: %+v", res.Error)
	}
}

func TestBadArguments(t *testing.T) {
	res := run(t, same[item], `{"sku":"a","n":"two"}`)
	if res.Error == nil || res.Error.Code != "bad_args" || res.Error.Message != "args.n: got string, want an integer that fits int" {
		t.Errorf("%+v", res.Error)
	}
}

func TestUnknownFunctionIsSuggested(t *testing.T) {
	var set Set
	call := func(name string) string {
		res, _ := set.Execute(t.Context(), &node.Task{With: json.RawMessage(`{"name":"` + name + `"}`)})
		if res.Error == nil || res.Error.Code != "unknown_function" || *res.Error.Retryable {
			t.Fatalf("%+v", res)
		}
		return res.Error.Message
	}
	if m := call("x"); !strings.Contains(m, "none is registered") {
		t.Error(m)
	}
	for i := range 12 {
		_ = Register(&set, fmt.Sprintf("reserve_stock_%d", i), same[int])
	}
	_ = Register(&set, "charge", same[int])
	if m := call("chrage"); !strings.Contains(m, `did you mean "charge"?`) {
		t.Error(m)
	}
	if m := call("zzz"); !strings.Contains(m, "and 3 more") {
		t.Error(m)
	}
}

func TestRegisterRefuses(t *testing.T) {
	var set Set
	for name, err := range map[string]error{
		"empty":   Register(&set, "", same[int]),
		"blank":   Register(&set, "a b", same[int]),
		"nil":     Register[int, int](&set, "a", nil),
		"channel": Register(&set, "a", same[chan int]),
		"field":   Register(&set, "a", same[struct{ F func() }]),
		"keys":    Register(&set, "a", same[map[float64]int]),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := Register(&set, "a", same[int]); err != nil {
		t.Error(err)
	}
	if err := Register(&set, "a", same[int]); err == nil {
		t.Error("a second function of the name was accepted")
	}
}

func TestTaskFacts(t *testing.T) {
	run(t, func(ctx context.Context, _ struct{}) (struct{}, error) {
		task := TaskFrom(ctx)
		if task == nil || task.Attempt != 2 || task.Key != "k" {
			t.Errorf("task %+v", task)
		}
		return struct{}{}, nil
	}, "")
	if TaskFrom(t.Context()) != nil {
		t.Error("a task outside of a task")
	}
}

func TestTimeoutOption(t *testing.T) {
	res := run(t, func(ctx context.Context, _ struct{}) (struct{}, error) {
		<-ctx.Done()
		return struct{}{}, ctx.Err()
	}, "", Timeout(time.Millisecond))
	if res.Error == nil || res.Error.Code != "timeout" {
		t.Errorf("%+v", res)
	}
}

func TestSplit(t *testing.T) {
	for in, want := range map[string][2]string{
		`{"args":{"a":"\"name\":\"x"},"name":"f"}`: {"f", `{"a":"\"name\":\"x"}`},
		`{"name":"f"}`:                       {"f", ""},
		`{ "name" : "f" , "args" : [1] }`:    {"f", "[1]"},
		`{"name":"f","args":"\"name\":\"x"}`: {"f", `"\"name\":\"x"`},
		`{"args":1,"name":"a","name":"b"}`:   {"b", "1"},
		`{"args":null,"name":"f"}`:           {"f", "null"},
	} {
		name, args, err := split(json.RawMessage(in))
		if err != nil || name != want[0] || string(args) != want[1] {
			t.Errorf("%s: %q %q %v", in, name, args, err)
		}
	}
	for _, in := range []string{``, `{}`, `[]`, `{"name":3}`, `"}`, `{"args":1}`} {
		if _, _, err := split(json.RawMessage(in)); err == nil {
			t.Errorf("accepted %q", in)
		}
	}
}

func BenchmarkNoop(b *testing.B) {
	var set Set
	if err := Register(&set, "f", same[struct{}]); err != nil {
		b.Fatal(err)
	}
	task := &node.Task{With: json.RawMessage(`{"args":{"order":"o-1"},"name":"f"}`)}
	b.ReportAllocs()
	for b.Loop() {
		if res, _ := set.Execute(b.Context(), task); res.Error != nil {
			b.Fatal(res.Error)
		}
	}
}

func BenchmarkStruct(b *testing.B) {
	var set Set
	if err := Register(&set, "f", same[item]); err != nil {
		b.Fatal(err)
	}
	task := &node.Task{With: json.RawMessage(`{"args":{"sku":"a","n":2},"name":"f"}`)}
	b.ReportAllocs()
	for b.Loop() {
		if res, _ := set.Execute(b.Context(), task); res.Error != nil {
			b.Fatal(res.Error)
		}
	}
}
