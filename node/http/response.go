package http

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/pawl-dev/pawl/model"
)

// answer is the output of a step.
type answer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
	// Encoding is base64 where the body is bytes that are no text.
	Encoding string `json:"encoding,omitempty"`
}

var (
	errTooLarge = errors.New("the body is too large")
	errEncoding = errors.New("the body has an encoding that was not asked for")
)

// notJSON is the error of a body that says it is JSON and is not.
type notJSON struct{ text string }

func (e *notJSON) Error() string { return "the body is not JSON" }

// read turns a response into a result.
func (c *config) read(res *http.Response) (model.Result, error) {
	raw, err := c.payload(res)
	if !c.accepts(res.StatusCode) {
		// Half a body explains an error better than none, so err does not matter here unless it is a matter of time.
		if err != nil && !errors.Is(err, errTooLarge) && !errors.Is(err, errEncoding) {
			raw = nil
		}
		return model.Result{Error: c.statusFault(res, raw)}, nil
	}
	if err != nil {
		return model.Result{}, err
	}
	a := answer{Status: res.StatusCode, Headers: flat(res.Header)}
	if a.Body, a.Encoding, err = c.decoded(res, raw); err != nil {
		return model.Result{}, err
	}
	out, err := marshal(a)
	return model.Result{Output: out}, err
}

// payload reads the body, decompressed, up to max_body bytes; on errTooLarge it returns what it has.
func (c *config) payload(res *http.Response) ([]byte, error) {
	if res.ContentLength > int64(c.maxBody) && res.Header.Get("Content-Encoding") == "" && c.accepts(res.StatusCode) {
		return nil, errTooLarge
	}
	var r io.Reader = res.Body
	switch strings.ToLower(res.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip", "x-gzip":
		// What is compressed is bounded too: a stream of empty blocks gives no output and no end.
		bounded := io.LimitReader(res.Body, int64(c.maxBody)+64<<10)
		z, err := gzip.NewReader(bounded)
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		r = z
	default:
		return nil, errEncoding
	}
	buf := bytes.Buffer{}
	n, err := buf.ReadFrom(io.LimitReader(r, int64(c.maxBody)+1))
	if n > int64(c.maxBody) {
		return buf.Bytes()[:c.maxBody], errTooLarge
	}
	return buf.Bytes(), err
}

// decoded turns body bytes into a JSON value by decode and content type.
func (c *config) decoded(res *http.Response, raw []byte) (value json.RawMessage, encoding string, err error) {
	kind := c.decode
	if kind == "" || kind == "auto" {
		kind = kindOf(res.Header.Get("Content-Type"))
	}
	if len(raw) == 0 {
		return json.RawMessage("null"), "", nil
	}
	switch kind {
	case "json":
		raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
		if !json.Valid(raw) {
			return nil, "", &notJSON{text: excerpt(raw)}
		}
		return raw, "", nil
	case "text":
		if s, ok := text(res.Header.Get("Content-Type"), raw); ok {
			value, err = marshal(s)
			return value, "", err
		}
	}
	value, err = marshal(base64.StdEncoding.EncodeToString(raw))
	return value, "base64", err
}

// kindOf sorts a content type into json, text and base64.
func kindOf(contentType string) string {
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		t, _, _ = strings.Cut(strings.ToLower(contentType), ";")
	}
	switch {
	case t == "application/json", strings.HasSuffix(t, "+json"):
		return "json"
	case strings.HasPrefix(t, "text/"), strings.HasSuffix(t, "+xml"), t == "application/xml", t == "application/javascript",
		t == "application/x-www-form-urlencoded", t == "application/yaml", t == "application/x-ndjson", t == "":
		return "text"
	}
	return "base64"
}

// text reads raw as UTF-8, or as Latin-1 where the content type says so. ok is false where it is no text.
func text(contentType string, raw []byte) (s string, ok bool) {
	if bytes.IndexByte(raw, 0) >= 0 {
		return "", false
	}
	if utf8.Valid(raw) {
		return string(raw), true
	}
	_, params, _ := mime.ParseMediaType(contentType)
	switch strings.ToLower(params["charset"]) {
	case "iso-8859-1", "latin1", "us-ascii":
		runes := make([]rune, len(raw))
		for i, b := range raw {
			runes[i] = rune(b)
		}
		return string(runes), true
	}
	return "", false
}

// flat joins repeated headers; names are in lower case.
func flat(h http.Header) map[string]string {
	out := make(map[string]string, len(h))
	for name, list := range h {
		v := strings.Map(func(r rune) rune {
			if r < ' ' && r != '\t' {
				return utf8.RuneError
			}
			return r
		}, strings.Join(list, ", "))
		out[strings.ToLower(name)] = strings.ToValidUTF8(v, string(utf8.RuneError))
	}
	return out
}

// excerpt is the beginning of a body, for people.
func excerpt(raw []byte) string {
	const limit = 512
	s := strings.ToValidUTF8(string(raw[:min(len(raw), limit)]), string(utf8.RuneError))
	s = strings.ReplaceAll(s, "\x00", string(utf8.RuneError))
	if len(raw) > limit {
		s += "…"
	}
	return s
}

// marshal writes JSON as it is meant: without the escapes that HTML needs.
func marshal(v any) (json.RawMessage, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("the answer cannot be written as JSON: %w", err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
