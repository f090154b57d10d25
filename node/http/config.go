package http

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// config is the checked configuration of one request.
type config struct {
	method    string
	url       *url.URL
	headers   []header
	body      []byte
	hasBody   bool
	mime      string // of the body
	accept    []string
	decode    string
	timeout   time.Duration
	maxBody   int
	redirects int
	// keyless says that the author wants no idempotency key sent.
	keyless bool
}

type header struct{ name, value string }

// written is the configuration as it stands in a definition, evaluated.
type written struct {
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]values `json:"headers"`
	Query     map[string]values `json:"query"`
	JSON      json.RawMessage   `json:"json"`
	Form      map[string]values `json:"form"`
	Body      *string           `json:"body"`
	Accept    []json.RawMessage `json:"accept"`
	Decode    string            `json:"decode"`
	Timeout   string            `json:"timeout"`
	MaxBody   *int              `json:"max_body"`
	Redirects *int              `json:"redirects"`
	Auth      *auth             `json:"auth"`
}

type auth struct {
	Bearer string `json:"bearer"`
	Basic  *struct {
		User     string `json:"user"`
		Password string `json:"password"`
	} `json:"basic"`
}

// values are one or several scalars as text; null is none.
type values []string

// UnmarshalJSON implements json.Unmarshaler.
func (v *values) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		var list []json.RawMessage
		if err := json.Unmarshal(b, &list); err != nil {
			return err
		}
		*v = nil
		for _, e := range list {
			s, err := scalar(e)
			if err != nil {
				return err
			}
			*v = append(*v, s)
		}
		return nil
	}
	if string(b) == "null" {
		*v = nil
		return nil
	}
	s, err := scalar(b)
	*v = values{s}
	return err
}

// scalar is the text of a string, number or boolean; numbers keep their digits.
func scalar(b json.RawMessage) (string, error) {
	if len(b) == 0 {
		return "", errors.New("a value is missing")
	}
	switch b[0] {
	case '"':
		var s string
		err := json.Unmarshal(b, &s)
		return s, err
	case '{', '[', 'n':
		return "", errors.New("want text, a number, true or false")
	}
	return string(b), nil
}

// parse reads and checks a configuration.
func (x *Executor) parse(with json.RawMessage) (*config, error) {
	var w written
	d := json.NewDecoder(bytes.NewReader(with))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return nil, readable(err)
	}
	c := &config{method: strings.ToUpper(w.Method), decode: w.Decode, timeout: x.opts.Timeout, maxBody: min(defaultBody, x.opts.MaxBody), redirects: maxRedirects}
	for _, step := range []func(*written) error{c.setURL, c.setHeaders, c.setAuth, c.setBody, c.setMethod, c.setAccept, c.setBounds} {
		if err := step(&w); err != nil {
			return nil, err
		}
	}
	if c.maxBody > x.opts.MaxBody {
		return nil, fmt.Errorf("max_body is more than the %d bytes allowed here", x.opts.MaxBody)
	}
	return c, nil
}

// readable words an error of encoding/json for the author of a definition.
func readable(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return fmt.Errorf("%s: a %s does not fit here", wrong.Field, wrong.Value)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errors.New("the configuration is no JSON object")
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}

func (c *config) setURL(w *written) error {
	if w.URL == "" {
		return errors.New("url is missing")
	}
	if len(w.URL) > 8<<10 {
		return errors.New("url is longer than 8 KiB")
	}
	if strings.ContainsFunc(w.URL, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return errors.New("url holds a blank, a control character or a backslash")
	}
	u, err := url.Parse(w.URL)
	if err != nil {
		return errors.New("url cannot be read") // the error of net/url would repeat the URL
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("url does not begin with http:// or https://")
	}
	if u.Hostname() == "" {
		return errors.New("url names no host")
	}
	if u.User != nil {
		return errors.New("url holds a user or password; use auth")
	}
	u.Fragment, u.RawFragment = "", ""
	if extra := encodeForm(w.Query); extra != "" {
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += extra
	}
	c.url = u
	return nil
}

// encodeForm writes names in order.
func encodeForm(m map[string]values) string {
	form := url.Values{}
	for name, list := range m {
		form[name] = list
	}
	return form.Encode()
}

// own lists headers that belong to the connection and that nobody else may set.
var own = []string{
	"connection", "content-length", "host", "keep-alive", "proxy-authenticate", "proxy-authorization",
	"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "accept-encoding",
}

const keyHeader = "idempotency-key"

func (c *config) setHeaders(w *written) error {
	names := make([]string, 0, len(w.Headers))
	for name := range w.Headers {
		names = append(names, name)
	}
	slices.Sort(names)
	size := 0
	for _, name := range names {
		lower := strings.ToLower(name)
		if !token(name) {
			return fmt.Errorf("headers: %q is no name of a header", name)
		}
		if slices.Contains(own, lower) {
			return fmt.Errorf("headers: %s cannot be set", name)
		}
		if lower == keyHeader && len(w.Headers[name]) == 0 {
			c.keyless = true
		}
		for _, v := range w.Headers[name] {
			if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
				return fmt.Errorf("headers: the value of %s holds a line break or control character", name)
			}
			size += len(name) + len(v)
			c.headers = append(c.headers, header{name, strings.TrimSpace(v)})
		}
	}
	if size > 32<<10 {
		return errors.New("headers: more than 32 KiB")
	}
	return nil
}

func (c *config) has(name string) bool {
	return slices.ContainsFunc(c.headers, func(h header) bool { return strings.EqualFold(h.name, name) })
}

// token reports whether s may be a method or the name of a header.
func token(s string) bool {
	for i := range len(s) {
		b := s[i]
		if b <= ' ' || b >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, b) >= 0 {
			return false
		}
	}
	return s != ""
}

func (c *config) setBody(w *written) error {
	n := 0
	if w.JSON != nil {
		n++
		c.body, c.mime = w.JSON, "application/json"
	}
	if w.Form != nil {
		n++
		c.body, c.mime = []byte(encodeForm(w.Form)), "application/x-www-form-urlencoded"
	}
	if w.Body != nil {
		n++
		c.body, c.mime = []byte(*w.Body), "text/plain; charset=utf-8"
	}
	if n > 1 {
		return errors.New("json, form and body exclude each other")
	}
	c.hasBody = n == 1
	return nil
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

func (c *config) setMethod(*written) error {
	switch {
	case c.method == "" && c.hasBody:
		c.method = "POST"
	case c.method == "":
		c.method = "GET"
	case !slices.Contains(methods, c.method):
		return fmt.Errorf("method: want one of %s", strings.Join(methods, ", "))
	}
	return nil
}

func (c *config) setAccept(w *written) error {
	for _, a := range w.Accept {
		s, err := scalar(a)
		if err != nil || !pattern(s) {
			return errors.New("accept: want status codes such as 404, or classes such as 4xx")
		}
		c.accept = append(c.accept, strings.ToLower(s))
	}
	return nil
}

// pattern reports whether s is a status code or a class.
func pattern(s string) bool {
	if len(s) != 3 || s[0] < '1' || s[0] > '5' {
		return false
	}
	if strings.EqualFold(s[1:], "xx") {
		return true
	}
	_, err := strconv.ParseUint(s[1:], 10, 8)
	return err == nil
}

// accepts reports whether a status is no error.
func (c *config) accepts(status int) bool {
	if status >= 200 && status < 300 {
		return true
	}
	code := strconv.Itoa(status)
	return slices.Contains(c.accept, code) || slices.Contains(c.accept, code[:1]+"xx")
}

func (c *config) setBounds(w *written) error {
	switch w.Decode {
	case "", "auto", "json", "text", "base64":
	default:
		return errors.New("decode: want auto, json, text or base64")
	}
	if w.Timeout != "" {
		d, err := duration(w.Timeout)
		if err != nil {
			return fmt.Errorf("timeout: %w", err)
		}
		c.timeout = d
	}
	if w.MaxBody != nil {
		if *w.MaxBody < 0 {
			return errors.New("max_body is negative")
		}
		c.maxBody = *w.MaxBody
	}
	if w.Redirects != nil {
		if *w.Redirects < 0 || *w.Redirects > maxRedirects {
			return fmt.Errorf("redirects: want 0 to %d", maxRedirects)
		}
		c.redirects = *w.Redirects
	}
	return nil
}

// duration reads 250ms, 90s, 1h30m, 7d.
func duration(s string) (time.Duration, error) {
	days, rest, found := strings.Cut(s, "d")
	if !found {
		days, rest = "0", s
	}
	n, err := strconv.ParseUint(days, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is no duration such as 250ms, 90s, 1h30m or 7d", s)
	}
	total := time.Duration(n) * 24 * time.Hour
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil {
			return 0, fmt.Errorf("%q is no duration such as 250ms, 90s, 1h30m or 7d", s)
		}
		total += d
	}
	if total <= 0 {
		return 0, fmt.Errorf("%q is not above zero", s)
	}
	return total, nil
}
