package http

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// raw serves bytes that net/http would not: each connection's request is read up to the blank line, then answer
// writes whatever it likes.
func raw(t *testing.T, answer func(w io.Writer)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer func() { _ = c.Close() }()
				in := bufio.NewReader(c)
				for {
					line, err := in.ReadString('\n')
					if err != nil {
						return
					}
					if line == "\r\n" {
						break
					}
				}
				answer(c)
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); conns.Wait() })
	return "http://" + l.Addr().String()
}

// forever writes b until the peer hangs up.
func forever(w io.Writer, b []byte) {
	for {
		if _, err := w.Write(b); err != nil {
			return
		}
	}
}

func TestS39HostilePeers(t *testing.T) {
	block := bytes.Repeat([]byte("x"), 32<<10)
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 1 << 12 {
		_, _ = z.Write(make([]byte, 32<<10)) // 128 MiB
	}
	_ = z.Close()
	for name, tc := range map[string]struct {
		answer func(w io.Writer)
		code   string
	}{
		"endless body": {func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
			forever(w, block)
		}, codeTooLarge},
		"endless chunks": {func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			forever(w, []byte("4\r\nabcd\r\n"))
		}, codeTooLarge},
		"length of 1 TB": {func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\nx")
		}, codeTooLarge},
		"endless header": {func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nX: ")
			forever(w, block)
		}, codeIO},
		"endless headers": {func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\n")
			forever(w, []byte("X: y\r\n"))
		}, codeIO},
		"gzip bomb": {func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", bomb.Len())
			_, _ = w.Write(bomb.Bytes())
		}, codeTooLarge},
		"endless empty gzip": {func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00")
			forever(w, bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 1000))
		}, codeIO},
		"broken gzip": {func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\nthis is not gzip at all")
		}, codeIO},
		"brotli": {func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx")
		}, codeResponse},
		"invalid chunks": {func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabcd\r\n")
		}, codeIO},
		"short body": {func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
		}, codeIO},
		"not HTTP": {func(w io.Writer) { _, _ = io.WriteString(w, "220 smtp ready\r\n") }, codeIO},
		"hangs up": {func(io.Writer) {}, codeIO},
		"slow body": {func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na")
			_, _ = io.Copy(io.Discard, w.(net.Conn)) // until the peer gives up
		}, codeTimeout},
		"slow header": {func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nX")
			_, _ = io.Copy(io.Discard, w.(net.Conn))
		}, codeTimeout},
		"error and endless body": {func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 500 No\r\n\r\n")
			forever(w, block)
		}, "http_500"},
		"error and slow body": {func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 503 No\r\nContent-Length: 100\r\n\r\na")
			_, _ = io.Copy(io.Discard, w.(net.Conn))
		}, "http_503"},
	} {
		t.Run(name, func(t *testing.T) {
			addr := raw(t, tc.answer)
			x := local(t)
			before := heap()
			limit := "60s"
			if strings.Contains(name, "slow") {
				limit = "200ms"
			}
			res := do(t, x, addr, `{"url":"$URL","timeout":"`+limit+`"}`)
			if code(res) != tc.code {
				t.Errorf("%+v", res.Error)
			}
			if grown := int64(heap()) - int64(before); grown > 16<<20 {
				t.Errorf("the heap grew by %d MiB", grown>>20)
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestGzipIsDecoded(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("Accept-Encoding %q", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "application/json")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, `{"a":1}`)
		_ = z.Close()
	})
	if a := got(t, do(t, local(t), s.URL, `{"url":"$URL"}`)); string(a.Body) != `{"a":1}` {
		t.Errorf("%s", a.Body)
	}
}

func TestBodyLimitIsExact(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "12345")
	})
	x := local(t)
	if a := got(t, do(t, x, s.URL, `{"url":"$URL","max_body":5}`)); string(a.Body) != `"12345"` {
		t.Errorf("%s", a.Body)
	}
	if res := do(t, x, s.URL, `{"url":"$URL","max_body":4}`); code(res) != codeTooLarge {
		t.Errorf("%+v", res)
	}
}

func TestS37PrivateAddressesAreDenied(t *testing.T) {
	var hits atomic.Int32
	s := serve(t, func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	u, _ := url.Parse(s.URL)
	x := New(Options{})
	defer x.Close()
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254", "10.0.0.1", "[::1]", "[fd00:ec2::254]", "100.100.100.200", "[64:ff9b::7f00:1]"} {
		e := do(t, x, "http://"+host+":"+u.Port(), `{"url":"$URL/latest/meta-data"}`).Error
		if e == nil || e.Code != codeDenied || *e.Retryable || strings.Contains(e.Message, "meta-data") {
			t.Errorf("%s: %+v", host, e)
		}
	}
	if hits.Load() != 0 {
		t.Errorf("%d requests arrived", hits.Load())
	}
}

func TestAllowedRanges(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	x := New(Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	defer x.Close()
	got(t, do(t, x, s.URL, `{"url":"$URL"}`))
	x = New(Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Deny: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	if res := do(t, x, s.URL, `{"url":"$URL"}`); code(res) != codeDenied {
		t.Errorf("%+v", res)
	}
}

func TestNoProxyFromTheEnvironment(t *testing.T) {
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the proxy was used") })
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	x := New(Options{Hosts: []string{"localhost"}})
	defer x.Close()
	if res := do(t, x, "", `{"url":"http://127.0.0.1:1/"}`); code(res) != codeDenied {
		t.Errorf("%+v", res)
	}
}

func TestS38Redirects(t *testing.T) {
	var other *httptest.Server
	var arrived http.Header
	var body string
	main := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/here":
			b, _ := io.ReadAll(r.Body)
			arrived, body = r.Header, string(b)
		case "/own":
			http.Redirect(w, r, "/here", http.StatusTemporaryRedirect)
		case "/away":
			http.Redirect(w, r, other.URL+"/there", http.StatusFound)
		case "/away307":
			http.Redirect(w, r, other.URL+"/there", http.StatusTemporaryRedirect)
		case "/bounce":
			http.Redirect(w, r, other.URL+"/back", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/inside":
			http.Redirect(w, r, "http://10.0.0.1/", http.StatusFound)
		case "/meta":
			http.Redirect(w, r, "http://[::ffff:169.254.169.254]/", http.StatusTemporaryRedirect)
		case "/user":
			http.Redirect(w, r, "http://u:p@"+r.Host+"/here", http.StatusFound)
		case "/file":
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
		}
	})
	other = serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/back" {
			http.Redirect(w, r, main.URL+"/here", http.StatusFound)
			return
		}
		b, _ := io.ReadAll(r.Body)
		arrived, body = r.Header, string(b)
	})
	x := local(t)
	secrets := `,"headers":{"X-Api-Key":"k","Cookie":"c","Accept":"text/plain"},"auth":{"bearer":"t"}`
	for name, tc := range map[string]struct {
		with, code string
		secrets    bool
		body       string
	}{
		"same host keeps all":      {`{"url":"$URL/own","json":1` + secrets + `}`, "", true, "1"},
		"other host loses secrets": {`{"url":"$URL/away"` + secrets + `}`, "", false, ""},
		"and back does not regain": {`{"url":"$URL/bounce"` + secrets + `}`, "", false, ""},
		"no body to another host":  {`{"url":"$URL/away307","json":{"password":"p"}` + secrets + `}`, "http_307", false, ""},
		"a loop":                   {`{"url":"$URL/loop"}`, codeRedirects, false, ""},
		"inside":                   {`{"url":"$URL/inside"}`, codeDenied, false, ""},
		"metadata":                 {`{"url":"$URL/meta"}`, codeDenied, false, ""},
		"another scheme":           {`{"url":"$URL/file"}`, codeDenied, false, ""},
		"not followed":             {`{"url":"$URL/own","redirects":0}`, "http_307", false, ""},
	} {
		arrived, body = nil, ""
		res := do(t, x, main.URL, tc.with)
		if code(res) != tc.code {
			t.Errorf("%s: %+v", name, res.Error)
		}
		if tc.code != "" {
			continue
		}
		has := arrived.Get("X-Api-Key") + arrived.Get("Cookie") + arrived.Get("Authorization")
		if (has == "kcBearer t") != tc.secrets || !tc.secrets && has != "" || body != tc.body {
			t.Errorf("%s: arrived %v %q", name, arrived, body)
		}
		if arrived.Get("Accept") != "text/plain" || !tc.secrets && arrived.Get("Referer") != "" {
			t.Errorf("%s: %v", name, arrived)
		}
	}
	got(t, do(t, x, main.URL, `{"url":"$URL/user"}`))
	if arrived.Get("Authorization") != "" {
		t.Error("the user of a redirect became a credential")
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = nil
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	x := New(Options{Hosts: []string{"127.0.0.1", "localhost"}, TLS: &tls.Config{RootCAs: pool}})
	defer x.Close()
	got(t, do(t, x, s.URL, `{"url":"$URL"}`))
	// S39: the certificate is for 127.0.0.1 and example.com, not for localhost.
	if res := do(t, x, strings.Replace(s.URL, "127.0.0.1", "localhost", 1), `{"url":"$URL"}`); code(res) != codeTLS || *res.Error.Retryable {
		t.Errorf("wrong host: %+v", res.Error)
	}
	if res := do(t, local(t), s.URL, `{"url":"$URL"}`); code(res) != codeTLS {
		t.Errorf("unknown authority: %+v", res.Error)
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	res := do(t, local(t), "http://"+addr, `{"url":"$URL/secret-path?token=secret"}`)
	if code(res) != codeConnect || !*res.Error.Retryable || strings.Contains(res.Error.Message, "secret") {
		t.Errorf("%+v", res.Error)
	}
}

func TestRetryAfterDate(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if got := retryAfter("Fri, 02 Jan 2026 03:04:35 GMT", now); got != 30_000 {
		t.Error(got)
	}
	if got := retryAfter("Fri, 02 Jan 2020 03:04:35 GMT", now); got != 0 {
		t.Error(got)
	}
}
