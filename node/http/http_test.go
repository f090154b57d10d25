package http

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server on loopback.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// local is an executor that may reach loopback.
func local(t *testing.T) *Executor {
	t.Helper()
	x := New(Options{Hosts: []string{"127.0.0.1", "localhost"}})
	t.Cleanup(x.Close)
	return x
}

// do executes one configuration; $URL in it stands for url.
func do(t *testing.T, x *Executor, url, with string) model.Result {
	t.Helper()
	task := &node.Task{Key: "exec/step", Attempt: 1, With: json.RawMessage(strings.ReplaceAll(with, "$URL", url)), Heartbeat: func(any) {}, Log: func(string) {}}
	res, err := x.Execute(t.Context(), task)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// got decodes an output.
func got(t *testing.T, res model.Result) answer {
	t.Helper()
	if res.Error != nil {
		t.Fatalf("error %+v %s", res.Error, res.Error.Details)
	}
	var a answer
	if err := json.Unmarshal(res.Output, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

func code(res model.Result) string {
	if res.Error == nil {
		return ""
	}
	return res.Error.Code
}

func TestRequestIsSentAsConfigured(t *testing.T) {
	var method, body, uri string
	var head http.Header
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		method, body, uri, head = r.Method, string(b), r.RequestURI, r.Header
	})
	x := local(t)
	for name, tc := range map[string]struct{ with, method, body, uri, header, value string }{
		"plain":      {`{"url":"$URL/a%2Fb?x=1"}`, "GET", "", "/a%2Fb?x=1", "User-Agent", "pawl"},
		"json":       {`{"url":"$URL","json":{"n":9007199254740993}}`, "POST", `{"n":9007199254740993}`, "/", "Content-Type", "application/json"},
		"form":       {`{"url":"$URL","method":"put","form":{"b":[1,2],"a":"x y"}}`, "PUT", "a=x+y&b=1&b=2", "/", "Content-Type", "application/x-www-form-urlencoded"},
		"text":       {`{"url":"$URL","body":"hé","headers":{"Content-Type":"text/csv"}}`, "POST", "hé", "/", "Content-Type", "text/csv"},
		"query":      {`{"url":"$URL/p?a=1","query":{"z":true,"b":["x&y",null],"n":null}}`, "", "", "", "", ""},
		"query fine": {`{"url":"$URL/p?a=1","query":{"z":true,"b":["x&y",2.50],"n":null}}`, "GET", "", "/p?a=1&b=x%26y&b=2.50&z=true", "", ""},
		"bearer":     {`{"url":"$URL","auth":{"bearer":"abc"}}`, "GET", "", "/", "Authorization", "Bearer abc"},
		"basic":      {`{"url":"$URL","auth":{"basic":{"user":"u","password":"p:w"}}}`, "GET", "", "/", "Authorization", "Basic dTpwOnc="},
		"headers":    {`{"url":"$URL","headers":{"X-A":["1","2"],"User-Agent":"me"}}`, "GET", "", "/", "X-A", "1, 2"},
		"key":        {`{"url":"$URL","method":"POST"}`, "POST", "", "/", "Idempotency-Key", "exec/step"},
		"own key":    {`{"url":"$URL","method":"POST","headers":{"idempotency-key":"mine"}}`, "POST", "", "/", "Idempotency-Key", "mine"},
		"no key":     {`{"url":"$URL","method":"POST","headers":{"Idempotency-Key":null}}`, "POST", "", "/", "Idempotency-Key", ""},
		"GET no key": {`{"url":"$URL"}`, "GET", "", "/", "Idempotency-Key", ""},
	} {
		method, body, uri, head = "", "", "", nil
		res := do(t, x, s.URL, tc.with)
		if tc.method == "" {
			if code(res) != codeConfig {
				t.Errorf("%s: %+v", name, res)
			}
			continue
		}
		got(t, res)
		if method != tc.method || body != tc.body || uri != tc.uri {
			t.Errorf("%s: %s %s %q", name, method, uri, body)
		}
		if v := strings.Join(head.Values(tc.header), ", "); v != tc.value {
			t.Errorf("%s: %s is %q, want %q", name, tc.header, v, tc.value)
		}
	}
}

func TestBodiesByContentType(t *testing.T) {
	var mime, body string
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{mime}
		w.Header().Set("X-Two", "a")
		w.Header().Add("X-Two", "b")
		_, _ = io.WriteString(w, body)
	})
	x := local(t)
	for name, tc := range map[string]struct{ mime, body, decode, want, encoding string }{
		"json":        {"application/json; charset=utf-8", `{"n": 9007199254740993, "h": "<&>"}`, "", `{"n":9007199254740993,"h":"<&>"}`, ""},
		"problem":     {"application/problem+json", `[1.50]`, "", `[1.50]`, ""},
		"BOM":         {"application/json", "\xef\xbb\xbf1", "", `1`, ""},
		"text":        {"text/plain", "a\n<é>", "", `"a\n<é>"`, ""},
		"no type":     {"", "abc", "", `"abc"`, ""},
		"latin":       {"text/html; charset=ISO-8859-1", "caf\xe9", "", `"café"`, ""},
		"binary":      {"application/octet-stream", "\x00\x01", "", `"AAE="`, "base64"},
		"broken text": {"text/plain", "a\xff", "", `"Yf8="`, "base64"},
		"NUL text":    {"text/plain", "a\x00", "", `"YQA="`, "base64"},
		"as text":     {"application/json", "{", "text", `"{"`, ""},
		"as json":     {"text/plain", "[1]", "json", `[1]`, ""},
		"as base64":   {"text/plain", "hi", "base64", `"aGk="`, "base64"},
		"empty":       {"application/json", "", "", `null`, ""},
	} {
		mime, body = tc.mime, tc.body
		a := got(t, do(t, x, s.URL, fmt.Sprintf(`{"url":"$URL","decode":%q}`, tc.decode)))
		if string(a.Body) != tc.want || a.Encoding != tc.encoding || a.Status != 200 || a.Headers["x-two"] != "a, b" {
			t.Errorf("%s: %s %+v", name, a.Body, a)
		}
	}
	mime, body = "application/json", "<html>"
	if res := do(t, x, s.URL, `{"url":"$URL"}`); code(res) != codeResponse || !strings.Contains(string(res.Error.Details), "<html>") {
		t.Errorf("JSON that is none: %+v", res.Error)
	}
}

func TestStatusesAreErrorsUnlessAccepted(t *testing.T) {
	var status int
	var after string
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if status != http.StatusNotModified {
			_, _ = io.WriteString(w, `{"why":"x"}`)
		}
	})
	x := local(t)
	for _, tc := range []struct {
		status int
		after  string
		again  bool
		wait   model.Millis
	}{
		{400, "", false, 0}, {401, "3", false, 0}, {404, "", false, 0}, {409, "", false, 0}, {304, "", false, 0},
		{408, "", true, 0}, {425, "", true, 0}, {429, "7", true, 7000}, {500, "", true, 0}, {503, "120", true, 120_000},
		{503, "-1", true, 0}, {503, "soon", true, 0}, {503, "9999999", true, 86_400_000},
	} {
		status, after = tc.status, tc.after
		e := do(t, x, s.URL, `{"url":"$URL"}`).Error
		if e == nil || e.Code != fmt.Sprint("http_", tc.status) || *e.Retryable != tc.again || e.RetryAfter != tc.wait {
			t.Errorf("%d %q: %+v", tc.status, tc.after, e)
			continue
		}
		if tc.status != 304 && string(e.Details) != fmt.Sprintf(`{"status":%d,"body":{"why":"x"}}`, tc.status) {
			t.Errorf("details %s", e.Details)
		}
	}
	status, after = 503, time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	if e := do(t, x, s.URL, `{"url":"$URL"}`).Error; e.RetryAfter < 3500_000 || e.RetryAfter > 3600_000 {
		t.Errorf("Retry-After as a date: %d", e.RetryAfter)
	}
	status = 404
	for _, accept := range []string{`[404]`, `["404"]`, `["4xx"]`, `[200,"4XX"]`} {
		if a := got(t, do(t, x, s.URL, `{"url":"$URL","accept":`+accept+`}`)); a.Status != 404 {
			t.Errorf("%s: %+v", accept, a)
		}
	}
}

func TestBadConfigurations(t *testing.T) {
	x := local(t)
	for name, with := range map[string]string{
		"no url":           `{}`,
		"not an object":    `[]`,
		"unknown key":      `{"url":"http://a","timout":"1s"}`,
		"file":             `{"url":"file:///etc/passwd"}`,
		"gopher":           `{"url":"gopher://a"}`,
		"no host":          `{"url":"http:///x"}`,
		"relative":         `{"url":"/x"}`,
		"S40 user":         `{"url":"http://u:p@a/"}`,
		"S40 url break":    `{"url":"http://a/\r\nX: 1"}`,
		"S40 backslash":    `{"url":"http://a\\@b/"}`,
		"S40 method":       `{"url":"http://a","method":"GET / HTTP/1.1\r\nX: 1"}`,
		"S40 connect":      `{"url":"http://a","method":"CONNECT"}`,
		"S40 header value": `{"url":"http://a","headers":{"X":"a\r\nY: 1"}}`,
		"S40 header name":  `{"url":"http://a","headers":{"X: 1\r\nY":"a"}}`,
		"S40 host":         `{"url":"http://a","headers":{"Host":"b"}}`,
		"S40 length":       `{"url":"http://a","headers":{"Content-Length":"3"}}`,
		"S40 encoding":     `{"url":"http://a","headers":{"transfer-encoding":"chunked"}}`,
		"S40 bearer":       `{"url":"http://a","auth":{"bearer":"a\nb"}}`,
		"two auths":        `{"url":"http://a","auth":{"bearer":"a","basic":{"user":"u","password":"p"}}}`,
		"auth and header":  `{"url":"http://a","auth":{"bearer":"a"},"headers":{"Authorization":"b"}}`,
		"two bodies":       `{"url":"http://a","json":1,"body":"x"}`,
		"timeout":          `{"url":"http://a","timeout":"soon"}`,
		"zero timeout":     `{"url":"http://a","timeout":"0s"}`,
		"accept":           `{"url":"http://a","accept":["ok"]}`,
		"decode":           `{"url":"http://a","decode":"xml"}`,
		"redirects":        `{"url":"http://a","redirects":4}`,
		"max_body":         `{"url":"http://a","max_body":99999999}`,
		"negative":         `{"url":"http://a","max_body":-1}`,
		"large headers":    `{"url":"http://a","headers":{"X":"` + strings.Repeat("x", 40<<10) + `"}}`,
		"object header":    `{"url":"http://a","headers":{"X":{}}}`,
	} {
		res := do(t, x, "", with)
		if code(res) != codeConfig || *res.Error.Retryable || strings.ContainsAny(res.Error.Message, "\r\n") {
			t.Errorf("%s: %+v", name, res.Error)
		}
	}
}

func TestCancellationIsReturned(t *testing.T) {
	arrived := make(chan struct{})
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	x := local(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := fmt.Errorf("no longer wanted")
	go func() { <-arrived; cancel(why) }()
	_, err := x.Execute(ctx, &node.Task{With: json.RawMessage(`{"url":"` + s.URL + `"}`)})
	if err != why {
		t.Errorf("error %v", err)
	}
}

func TestConnectionsAreReused(t *testing.T) {
	seen := map[string]bool{}
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { seen[r.RemoteAddr] = true })
	x := local(t)
	for range 5 {
		got(t, do(t, x, s.URL, `{"url":"$URL"}`))
	}
	if len(seen) != 1 {
		t.Errorf("%d connections for 5 requests", len(seen))
	}
}

func TestDurations(t *testing.T) {
	for s, want := range map[string]time.Duration{"250ms": 250 * time.Millisecond, "90s": 90 * time.Second, "1h30m": 90 * time.Minute, "7d": 7 * 24 * time.Hour, "1d12h": 36 * time.Hour} {
		if d, err := duration(s); err != nil || d != want {
			t.Errorf("%s: %s %v", s, d, err)
		}
	}
	for _, s := range []string{"", "d", "1", "1x", "-1s", "-1d", "1d-24h", "99999d99999d", "9999999999h"} {
		if d, err := duration(s); err == nil {
			t.Errorf("%q is %s", s, d)
		}
	}
}
