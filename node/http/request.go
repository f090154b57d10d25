package http

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/egress"
	"github.com/pawl-dev/pawl/node"
)

func (c *config) setAuth(w *written) error {
	a := w.Auth
	if a == nil {
		return nil
	}
	if c.has("authorization") || (a.Basic != nil) == (a.Bearer != "") {
		return errors.New("auth: want exactly one of basic, bearer and the header Authorization")
	}
	value := "Bearer " + a.Bearer
	if a.Basic != nil {
		if strings.Contains(a.Basic.User, ":") {
			return errors.New("auth: a user holds no colon")
		}
		value = "Basic " + base64.StdEncoding.EncodeToString([]byte(a.Basic.User+":"+a.Basic.Password))
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return errors.New("auth: the token holds a line break or control character")
	}
	c.headers = append(c.headers, header{"Authorization", value})
	return nil
}

// request builds what is sent.
func (c *config) request(t *node.Task, agent string) (*http.Request, error) {
	var body io.Reader
	if c.hasBody {
		body = bytes.NewReader(c.body)
	}
	req, err := http.NewRequest(c.method, c.url.String(), body)
	if err != nil {
		return nil, errors.New("the request cannot be built")
	}
	for _, h := range c.headers {
		req.Header.Add(h.name, h.value)
	}
	def := func(name, value string) {
		if value != "" && !c.has(name) {
			req.Header.Set(name, value)
		}
	}
	def("Content-Type", c.mime)
	def("User-Agent", agent)
	def("Accept", "application/json, */*;q=0.5")
	if changes(c.method) && !c.keyless {
		def(keyHeader, t.Key)
	}
	req.Header.Set("Accept-Encoding", "gzip")
	return req, nil
}

// changes reports whether a method may change something at the peer.
func changes(method string) bool {
	return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE"
}

var errRedirects = errors.New("too many redirects")

// harmless are the headers that follow a redirect to another host. Everything else may be a credential.
var harmless = []string{"Accept", "Accept-Encoding", "Accept-Language", "User-Agent"}

// checkRedirect decides whether the next hop is taken. Its address is checked when it is dialled, like every other.
func (c *config) checkRedirect(req *http.Request, via []*http.Request) error {
	if c.redirects == 0 {
		return http.ErrUseLastResponse
	}
	if len(via) > c.redirects {
		return errRedirects
	}
	if req.URL.Scheme != "http" && req.URL.Scheme != "https" {
		return &egress.Denied{Host: req.URL.Scheme + ":", Class: "non-HTTP"}
	}
	if req.URL.User != nil {
		req.URL.User = nil
		req.Header.Del("Authorization") // made of the user of the redirect, or ours; neither belongs there
	}
	if !slices.ContainsFunc(via, func(v *http.Request) bool { return origin(v.URL) != origin(req.URL) }) {
		return nil
	}
	if req.Body != nil {
		return http.ErrUseLastResponse // a body may hold secrets; the answer becomes an error of its status
	}
	for name := range req.Header {
		if !slices.Contains(harmless, name) {
			delete(req.Header, name)
		}
	}
	return nil
}

func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}
