package runner

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
)

// late is a task of type x whose configuration has a late value at each path.
func late(with string, values map[string][]expr.Part) Lease {
	l := lease("a", "x")
	l.Task.With = []byte(with)
	for _, path := range []string{"/auth", "/head", "/key", "/n", "/token"} {
		if parts, ok := values[path]; ok {
			l.Task.Late = append(l.Task.Late, expr.Late{Path: path, Parts: parts})
		}
	}
	return l
}

func TestLateValuesAreFilledInAtDispatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var with string
		w := start(t, Params{
			Secrets: func(name string) (string, bool) { return "s3cret-" + name, name == "pay" },
			Sign:    func(tok Token) string { return "signed:" + tok.Step },
			Registry: types(map[string]do{"x": func(ctx context.Context, task *node.Task) (model.Result, error) {
				with = string(task.With)
				task.Log("sent " + with)
				return model.Result{Output: task.With, Error: nil}, nil
			}}),
		})
		l := late(`{"auth":null,"head":null,"key":null,"n":null,"plain":"${ secrets.pay }","token":null}`, map[string][]expr.Part{
			"/auth":  {{Text: "Bearer "}, {Expr: "secrets.pay"}},
			"/head":  {{Expr: "secrets.pay"}},
			"/key":   {{Expr: "task.key"}},
			"/n":     {{Expr: "task.attempt"}},
			"/token": {{Expr: "task.token"}},
		})
		l.Token.Attempt = 3
		w.src.put(l)
		got := w.only()
		w.end()
		want := `{"auth":"Bearer s3cret-pay","head":"s3cret-pay","key":"` + Key(l.Token) + `","n":3,"plain":"${ secrets.pay }","token":"signed:a"}`
		if !sameJSON(t, with, want) {
			t.Errorf("the executor saw %s, want %s", with, want)
		}
		// I26: neither output nor log keeps the secret; what merely looks like an expression is text.
		b, _ := json.Marshal(got)
		if strings.Contains(string(b), "s3cret") || !strings.Contains(string(got.Result.Output), `"Bearer ***"`) || !strings.Contains(got.Result.Log[0], hidden) {
			t.Errorf("report %s", b)
		}
		if strings.Contains(string(l.Task.With), "s3cret") {
			t.Error("the lease was changed")
		}
	})
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatalf("%s: %v", a, err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatal(err)
	}
	p, _ := json.Marshal(x)
	q, _ := json.Marshal(y)
	return string(p) == string(q)
}

func TestLateValuesThatCannotBeFilledIn(t *testing.T) {
	for name, tc := range map[string]struct {
		source, code, says string
	}{
		"no such secret":  {"secrets.other", codeSecret, `secret "other" is not set`},
		"no token":        {"task.token", codeExpression, "task.token"},
		"nothing else":    {"input.x", codeExpression, "input"},
		"broken":          {"secrets.", codeExpression, ""},
		"upper on secret": {"upper(secrets.pay) + secrets.other", codeSecret, "other"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := start(t, Params{
					Secrets: func(name string) (string, bool) { return "s3cret-pay", name == "pay" },
					Registry: types(map[string]do{"x": func(context.Context, *node.Task) (model.Result, error) {
						t.Error("the executor was called")
						return output(`1`)
					}}),
				})
				w.src.put(late(`{"key":null}`, map[string][]expr.Part{"/key": {{Expr: tc.source}}}))
				got := w.only()
				w.end()
				e := got.Result.Error
				if code(got) != tc.code || !strings.Contains(e.Message, tc.says) || strings.Contains(e.Message, "s3cret") || e.Retryable == nil || *e.Retryable {
					t.Errorf("%+v", e)
				}
			})
		})
	}
}

func TestS48SecretsInErrorsOfExecutors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, Params{
			Mask:    []string{"global-canary"},
			Secrets: func(string) (string, bool) { return "s3cret-pay", true },
			Registry: types(map[string]do{"x": func(context.Context, *node.Task) (model.Result, error) {
				return model.Result{Error: &model.Error{Code: "refused", Message: "token s3cret-pay of global-canary", Details: json.RawMessage(`{"sent":"czNjcmV0LXBheQ=="}`)}}, nil
			}}),
		})
		w.src.put(late(`{"key":null}`, map[string][]expr.Part{"/key": {{Expr: "secrets.pay"}}}))
		e := w.only().Result.Error
		w.end()
		if e.Message != "token *** of ***" || strings.Contains(string(e.Details), "czNjcmV0LXBheQ") {
			t.Errorf("%s %s", e.Message, e.Details)
		}
	})
}

func TestCancelWhileTheTaskIsPreparedGivesItBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := feeding{newFake()}
		free := make(chan struct{})
		w := start(t, Params{
			Source:  src,
			Secrets: func(string) (string, bool) { <-free; return "s3cret-pay", true },
			Registry: types(map[string]do{"x": func(context.Context, *node.Task) (model.Result, error) {
				t.Error("the executor was called")
				return output(`1`)
			}}),
		})
		l := late(`{"key":null}`, map[string][]expr.Part{"/key": {{Expr: "secrets.pay"}}})
		w.src.put(l)
		synctest.Wait()
		src.cancel(Cancel{Token: l.Token})
		synctest.Wait()
		close(free)
		if got := w.only(); !got.Released {
			t.Errorf("report %+v", got)
		}
		w.end()
	})
}
