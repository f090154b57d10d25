package pawl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/store"
)

// refused turns the engine's answer into an error. Its codes are ours, but for the one that says that another member owns
// the execution: a caller can do nothing about that but ask again.
func refused(e *model.Error) error {
	out := &Error{Code: e.Code, Message: e.Message}
	if e.Code == shard.CodeNotOwner {
		out.Code = CodeUnavailable
	}
	if len(e.Details) > 0 {
		out.Cause = refusedBy(e)
	}
	return out
}

// wrapEngine keeps the caller's own context errors apart from what the engine says.
func wrapEngine(err error) error {
	var e *Error
	var m *model.Error
	switch {
	case err == nil, errors.As(err, &e), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &m):
		return refused(m)
	case errors.Is(err, engine.ErrStopped):
		return &Error{Code: CodeStopping, Message: "the engine was closed"}
	}
	return &Error{Code: CodeUnavailable, Message: "the engine cannot answer", Cause: err}
}

var storeCodes = []struct {
	err  error
	code string
}{
	{store.ErrInUse, CodeInUse},
	{store.ErrNotFound, CodeNotFound},
	{store.ErrFilter, CodeInvalid},
	{store.ErrVersionExists, CodeVersionExists},
	{store.ErrClosed, CodeStopping},
}

// wrapStore says what was being done when a store failed.
func wrapStore(doing string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	for _, s := range storeCodes {
		if errors.Is(err, s.err) {
			return &Error{Code: s.code, Message: doing, Cause: err}
		}
	}
	return &Error{Code: CodeStore, Message: doing, Cause: err}
}

func notFound(format string, args ...any) *Error {
	return &Error{Code: CodeNotFound, Message: fmt.Sprintf(format, args...)}
}

// unmarshalExact decodes numbers as they are written.
func unmarshalExact(raw []byte, v any) error {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	return d.Decode(v)
}
