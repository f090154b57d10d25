package http

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pawl-dev/pawl/node/nodetest"
)

func TestSuite(t *testing.T) {
	var mu sync.Mutex
	var key string
	begun := make(chan struct{}, 10)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/good":
			mu.Lock()
			key = r.Header.Get("Idempotency-Key")
			mu.Unlock()
		case "/slow":
			begun <- struct{}{}
			<-r.Context().Done()
		case "/large":
			_, _ = w.Write(bytes.Repeat([]byte("x"), 9<<20))
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	with := func(s, url string) string { return strings.ReplaceAll(s, "$URL", url) }
	nodetest.Run(t, nodetest.Case{
		Type:  New(Options{Hosts: []string{"127.0.0.1"}}).Type(),
		Good:  with(`{"method":"POST","url":"$URL/good","json":{"a":1}}`, s.URL),
		Slow:  with(`{"url":"$URL/slow"}`, s.URL),
		Begun: func() { <-begun },
		Bad:   []string{`{"url":""}`, `{"url":"ftp://example.com"}`, `{"url":"http://10.0.0.1/"}`},
		SeenKey: func() string {
			mu.Lock()
			defer mu.Unlock()
			return key
		},
		Secret: with(`{"url":"$URL/`+nodetest.Canary+`","query":{"key":"`+nodetest.Canary+`"},"auth":{"basic":{"user":"u","password":"`+nodetest.Canary+`"}}}`, s.URL),
		Large:  with(`{"url":"$URL/large","max_body":4194304}`, s.URL),
	})
}
