package exec

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/pawl-dev/pawl/model"
)

var errOutput = errors.New("the program wrote more than it may")

// process is a program that was started.
type process struct {
	cmd *exec.Cmd
	ctx context.Context
	// overflow ends ctx.
	overflow context.CancelCauseFunc
	stdout   head
	stderr   tail
	// sweep ends what is left of the process group.
	sweep func()
}

// wait returns when the program has ended and nothing of it is left.
func (r *process) wait() error {
	err := r.cmd.Wait()
	r.sweep()
	r.overflow(nil)
	return err
}

// exitedWell reports whether the program came to its own good end. Output that a left-over child held open
// (exec.ErrWaitDelay) does not change that.
func (r *process) exitedWell(err error) bool {
	return err == nil || errors.Is(err, exec.ErrWaitDelay) && r.cmd.ProcessState.Success()
}

// output is the output of a step.
type output struct {
	Code   int             `json:"code"`
	Stdout *string         `json:"stdout,omitempty"`
	JSON   json.RawMessage `json:"json,omitempty"`
	Stderr string          `json:"stderr"`
}

// result says how the program ended. limited is its context with the configuration's timeout.
func (r *process) result(c *config, limited context.Context, err error) model.Result {
	code := r.cmd.ProcessState.ExitCode()
	switch {
	case r.stdout.overflowed():
		return r.failed("payload_too_large", fmt.Sprintf("%s wrote more than the %d bytes of max_output", c.command[0], c.maxOutput), false)
	case limited.Err() != nil && !r.exitedWell(err):
		return model.Result{Error: &model.Error{Code: "timeout", Message: fmt.Sprintf("%s took longer than %s", c.command[0], c.timeout), Details: r.details()}}
	case code < 0:
		return model.Result{Error: r.killed(c)}
	case code != 0 && !slices.Contains(c.accept, code):
		return model.Result{Error: r.exited(c, code)}
	}
	return r.good(c, code)
}

// good is the result of a program that ended as it should.
func (r *process) good(c *config, code int) model.Result {
	out := output{Code: code, Stderr: r.stderr.text()}
	raw := r.stdout.bytes()
	if c.json {
		raw = bytes.TrimSpace(raw)
		if !json.Valid(raw) {
			return r.failed("bad_output", c.command[0]+" wrote something that is not one JSON value", false)
		}
		out.JSON = raw
	} else {
		s := clean(raw)
		out.Stdout = &s
	}
	b, err := marshal(out)
	if err != nil {
		return r.failed("bad_output", "the output cannot be written as JSON", false)
	}
	return model.Result{Output: b}
}

// exited is the error of an exit code that is not accepted; its message ends with the last line the program wrote.
func (r *process) exited(c *config, code int) *model.Error {
	e := &model.Error{Code: fmt.Sprintf("exit_%d", code), Message: fmt.Sprintf("%s ended with code %d", c.command[0], code), Details: r.details()}
	if line := lastLine(r.stderr.text()); line != "" {
		e.Message += ": " + line
	}
	return e
}

func (r *process) killed(c *config) *model.Error {
	name, number := signal(r.cmd.ProcessState)
	return &model.Error{Code: fmt.Sprintf("signal_%d", number), Message: fmt.Sprintf("%s was ended by the signal %s", c.command[0], name), Details: r.details()}
}

func (r *process) failed(code, message string, again bool) model.Result {
	return model.Result{Error: &model.Error{Code: code, Message: message, Details: r.details(), Retryable: &again}}
}

// details is what the program said last.
func (r *process) details() json.RawMessage {
	b, err := marshal(map[string]any{"code": r.cmd.ProcessState.ExitCode(), "stderr": r.stderr.text()})
	if err != nil {
		return nil
	}
	return b
}

func lastLine(s string) string {
	s = strings.TrimRight(s, "\n")
	if i := strings.LastIndexByte(s, '\n'); i >= 0 {
		s = s[i+1:]
	}
	if len(s) > 300 {
		s = s[:300] + "…"
	}
	return strings.ToValidUTF8(s, "")
}

// clean is b as text that a journal takes.
func clean(b []byte) string {
	s := strings.ToValidUTF8(string(b), string(utf8.RuneError))
	return strings.ReplaceAll(s, "\x00", string(utf8.RuneError))
}

func marshal(v any) (json.RawMessage, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// head keeps the beginning of what is written to it, and calls full once when there is more.
type head struct {
	limit int
	full  func()

	mu   sync.Mutex
	buf  []byte
	over bool
}

// Write never fails, so that the program is ended by full and not by a broken pipe of its own making.
func (h *head) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	room := h.limit - len(h.buf)
	h.buf = append(h.buf, b[:min(room, len(b))]...)
	if len(b) > room && !h.over {
		h.over = true
		h.full()
	}
	return len(b), nil
}

func (h *head) bytes() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.buf
}

func (h *head) overflowed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.over
}

// tail keeps the end of what is written to it.
type tail struct {
	limit int

	mu  sync.Mutex
	buf []byte
	cut bool
}

// Write implements io.Writer; it never fails.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(b)
	if len(b) > t.limit {
		b, t.cut = b[len(b)-t.limit:], true
	}
	t.buf = append(t.buf, b...)
	if over := len(t.buf) - t.limit; over > 0 {
		t.buf, t.cut = append(t.buf[:0], t.buf[over:]...), true
	}
	return n, nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := clean(t.buf)
	if t.cut {
		s = "…" + s
	}
	return s
}
