package http

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/internal/egress"
	"github.com/pawl-dev/pawl/model"
)

// Codes beside http_<status>.
const (
	codeConfig    = "bad_config"
	codeDenied    = "egress_denied"
	codeTimeout   = "timeout"
	codeConnect   = "connect"
	codeTLS       = "tls"
	codeTooLarge  = "payload_too_large"
	codeRedirects = "too_many_redirects"
	codeResponse  = "bad_response"
	codeIO        = "io"
)

func failed(code, message string) model.Result {
	return model.Result{Error: fault(code, message, false)}
}

func fault(code, message string, again bool) *model.Error {
	return &model.Error{Code: code, Message: message, Retryable: &again}
}

// open is a fault of which policies decide whether it is tried again.
func open(code, message string) *model.Error { return &model.Error{Code: code, Message: message} }

// peer names the request in messages. The path and the query stay out: they may hold secrets.
func (c *config) peer() string { return c.method + " " + c.url.Host }

// statusFault is the error of a status that is not accepted.
func (c *config) statusFault(res *http.Response, raw []byte) *model.Error {
	e := fault("http_"+strconv.Itoa(res.StatusCode), fmt.Sprintf("%s answered %d", c.peer(), res.StatusCode), retryable(res.StatusCode))
	if name := http.StatusText(res.StatusCode); name != "" {
		e.Message += " " + name
	}
	if *e.Retryable {
		e.RetryAfter = retryAfter(res.Header.Get("Retry-After"), time.Now())
	}
	details := struct {
		Status int             `json:"status"`
		Body   json.RawMessage `json:"body,omitempty"`
	}{Status: res.StatusCode}
	const most = 16 << 10
	if kindOf(res.Header.Get("Content-Type")) == "json" && len(raw) <= most && json.Valid(raw) {
		details.Body = raw
	} else if len(raw) > 0 {
		details.Body, _ = marshal(excerpt(raw))
	}
	if b, err := marshal(details); err == nil {
		e.Details = b
	}
	return e
}

// retryable reports whether another attempt may get another status.
func retryable(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// retryAfter reads seconds or a date; 0 where there is neither. A day is the most that a peer can ask for.
func retryAfter(s string, now time.Time) model.Millis {
	const most = 24 * time.Hour
	d := time.Duration(0)
	if n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 32); err == nil {
		d = time.Duration(n) * time.Second
	} else if t, err := http.ParseTime(s); err == nil {
		d = t.Sub(now)
	}
	return model.Millis(min(max(d, 0), most).Milliseconds())
}

// fault is the error of an exchange that gave no usable answer.
func (c *config) fault(ctx context.Context, err error) *model.Error {
	var bad *notJSON
	var slow interface{ Timeout() bool }
	switch {
	case errors.Is(context.Cause(ctx), errSlow):
		return open(codeTimeout, fmt.Sprintf("%s gave no complete answer within %s", c.peer(), c.timeout))
	case errors.Is(err, errTooLarge):
		return fault(codeTooLarge, fmt.Sprintf("%s answered with more than the %d bytes of max_body", c.peer(), c.maxBody), false)
	case errors.Is(err, errEncoding):
		return fault(codeResponse, c.peer()+" answered in an encoding that was not asked for", false)
	case errors.Is(err, errRedirects):
		return fault(codeRedirects, fmt.Sprintf("%s redirects more than %d times", c.peer(), c.redirects), false)
	case errors.As(err, &bad):
		e := open(codeResponse, c.peer()+" says that its answer is JSON, and it is not")
		e.Details, _ = marshal(map[string]string{"body": bad.text})
		return e
	case errors.As(err, &slow) && slow.Timeout():
		return open(codeTimeout, c.peer()+" gave no answer in time")
	}
	if d, ok := egress.IsDenied(err); ok {
		return fault(codeDenied, d.Error(), false)
	}
	return c.network(err)
}

// network sorts the errors of connections. None of the messages repeats a URL.
func (c *config) network(err error) *model.Error {
	var whole *url.Error
	if errors.As(err, &whole) {
		err = whole.Err
	}
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &dns):
		return open(codeConnect, fmt.Sprintf("%s: the name cannot be resolved", c.peer()))
	case certificate(err):
		return fault(codeTLS, fmt.Sprintf("%s: %v", c.peer(), err), false)
	case errors.As(err, &op) && op.Op == "dial":
		return fault(codeConnect, fmt.Sprintf("%s: %v", c.peer(), op.Err), true)
	}
	return open(codeIO, fmt.Sprintf("%s: %v", c.peer(), err))
}

func certificate(err error) bool {
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	return errors.As(err, &verify) || errors.As(err, &record) || errors.As(err, &unknown) || errors.As(err, &host)
}
