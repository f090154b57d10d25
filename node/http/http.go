// Package http is the effect node that makes one HTTP request: type http.
//
// It goes out through the checked dialer of internal/egress and nothing else: no proxy from the environment, no
// cookies, at most three redirects, credentials never to another host. Whatever the peer does (endless bodies and
// headers, one byte a second, a compressed bomb) the request ends with a coded error and flat memory. The package must
// not know who calls it: it sees one task and nothing of graphs, stores or workers.
package http

import (
	"context"
	"crypto/tls"
	_ "embed"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/internal/egress"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
)

// Type is the name of the node type.
const Type = "http"

//go:embed config.json
var configSchema json.RawMessage

//go:embed output.json
var outputSchema json.RawMessage

//go:embed doc.md
var doc string

// Options configure an [Executor]. The zero value reaches public addresses only.
type Options struct {
	// Allow lists address ranges that may be reached although they are not public.
	Allow []netip.Prefix
	// Hosts lists names or addresses that may be reached wherever they lead; a leading dot stands for all names below.
	Hosts []string
	// Deny lists ranges that may never be reached, such as one's own public addresses.
	Deny []netip.Prefix
	// Timeout bounds a request whose configuration names none: 30 s.
	Timeout time.Duration
	// MaxBody is the most that a configuration may ask for as max_body: 4 MiB.
	MaxBody int
	// TLS is the client side of TLS: own roots, client certificates. It is cloned.
	TLS *tls.Config
	// UserAgent is sent unless a header says otherwise: "pawl".
	UserAgent string
}

const (
	defaultTimeout = 30 * time.Second
	defaultBody    = 256 << 10
	maxBody        = 4 << 20
	maxHeader      = 64 << 10
	maxRedirects   = 3
)

// Executor makes requests. It keeps idle connections; [Executor.Close] drops them.
type Executor struct {
	opts      Options
	transport *http.Transport
}

// New makes an executor.
func New(o Options) *Executor {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxBody <= 0 {
		o.MaxBody = maxBody
	}
	if o.UserAgent == "" {
		o.UserAgent = "pawl"
	}
	policy := &egress.Policy{Allow: o.Allow, Hosts: o.Hosts, Deny: o.Deny}
	return &Executor{opts: o, transport: &http.Transport{
		DialContext:            policy.DialContext,
		TLSClientConfig:        o.TLS.Clone(),
		TLSHandshakeTimeout:    10 * time.Second,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // decompressed here, where its size is bounded
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: maxHeader,
	}}
}

// Close drops idle connections.
func (x *Executor) Close() { x.transport.CloseIdleConnections() }

// Type is the node type that x executes.
func (x *Executor) Type() node.Type { return node.Type{Descriptor: Descriptor(), Executor: x} }

// Descriptor describes the node type.
func Descriptor() node.Descriptor {
	return node.Descriptor{
		Type:   Type,
		Short:  "Makes an HTTP request",
		Doc:    strings.TrimSpace(doc),
		Config: configSchema,
		Output: outputSchema,
		Icon:   "globe",
	}
}

// Execute implements node.Executor.
func (x *Executor) Execute(ctx context.Context, t *node.Task) (model.Result, error) {
	c, err := x.parse(t.With)
	if err != nil {
		return failed(codeConfig, err.Error()), nil
	}
	req, err := c.request(t, x.opts.UserAgent)
	if err != nil {
		return failed(codeConfig, err.Error()), nil
	}
	limited, cancel := context.WithTimeoutCause(ctx, c.timeout, errSlow)
	defer cancel()
	res, err := x.exchange(req.WithContext(limited), c)
	if err == nil {
		return res, nil
	}
	if ctx.Err() != nil {
		return model.Result{}, context.Cause(ctx)
	}
	return model.Result{Error: c.fault(limited, err)}, nil
}

// exchange sends the request and reads the answer.
func (x *Executor) exchange(req *http.Request, c *config) (model.Result, error) {
	client := http.Client{Transport: x.transport, CheckRedirect: c.checkRedirect}
	res, err := client.Do(req)
	if err != nil {
		return model.Result{}, err
	}
	defer func() { _ = res.Body.Close() }()
	return c.read(res)
}

var errSlow = errors.New("the time of the request was up")
