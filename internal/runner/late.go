package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
)

// maxKey bounds an idempotency key; services commonly accept 255 characters.
const maxKey = 200

const idLength = 26

// Key is the idempotency key of a step: the execution's id, a slash and the step's path. It is equal for every attempt
// and different for every other step. A path that is long or holds more than printable ASCII is replaced by its hash,
// so that a key fits into an HTTP header.
func Key(t Token) string {
	var id = t.Execution.String()
	if plain(t.Step) && len(t.Step) <= maxKey-idLength-1 {
		return id + "/" + t.Step
	}
	sum := sha256.Sum256([]byte(t.Step))
	return id + "/" + hex.EncodeToString(sum[:])
}

// plain reports whether s is printable ASCII without blanks.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// prepare fills in the task that the executor sees.
func (a *attempt) prepare() *model.Error {
	l := &a.lease
	key := Key(l.Token)
	a.task = node.Task{
		Namespace: l.Namespace, Workflow: l.Workflow, Version: l.Version,
		Execution: key[:idLength], Step: l.Token.Step, Node: l.Task.Node, Type: l.Task.Type,
		Attempt: l.Token.Attempt, Key: key, With: l.Task.With, Deadline: a.life.deadline,
		Heartbeat: a.heartbeat, Log: a.note,
	}
	if sign := a.pool.run.Sign; sign != nil && l.Task.Callback {
		a.task.Token = sign(l.Token)
		a.mu.Lock()
		a.masks = append(a.masks, a.task.Token)
		a.mu.Unlock()
	}
	if l.Task.Scheduled > 0 {
		a.task.Scheduled = time.UnixMilli(l.Task.Scheduled)
	}
	if len(l.Task.Late) == 0 {
		return nil
	}
	names := lateNames{a: a}
	with, err := expr.Resolve(l.Task.With, l.Task.Late, &names)
	a.mu.Lock()
	a.masks = append(a.masks, names.used...)
	a.mu.Unlock()
	if err == nil {
		a.task.With = with
		return nil
	}
	if names.missing != "" {
		return fault(codeSecret, fmt.Sprintf("secret %q is not set", names.missing), permanent)
	}
	return fault(codeExpression, a.hider().text(err.Error()), permanent)
}

// lateNames are the names that late values may use: secrets and task.
type lateNames struct {
	a *attempt
	// used are the values of the secrets looked up; missing is the first name without a value.
	used    []string
	missing string
}

// Lookup implements expr.Names.
func (n *lateNames) Lookup(name string) (any, bool, error) {
	switch name {
	case "secrets":
		return secretNames{n}, true, nil
	case "task":
		return taskNames{n.a, n}, true, nil
	}
	return nil, false, nil
}

type secretNames struct{ n *lateNames }

// Get implements expr.Object.
func (s secretNames) Get(name string) (any, error) {
	find := s.n.a.pool.run.Secrets
	if find != nil {
		if v, ok := find(name); ok {
			s.n.used = append(s.n.used, v)
			return v, nil
		}
	}
	if s.n.missing == "" {
		s.n.missing = name
	}
	return nil, fmt.Errorf("secret %q is not set", name)
}

// Keys implements expr.Object. Secrets are not listed: what is not named cannot be masked.
func (s secretNames) Keys() []string { return nil }

type taskNames struct {
	a *attempt
	n *lateNames
}

// Get implements expr.Object.
func (t taskNames) Get(name string) (any, error) {
	switch name {
	case "key":
		return t.a.task.Key, nil
	case "attempt":
		return int64(t.a.task.Attempt), nil
	case "token":
		if sign := t.a.pool.run.Sign; sign != nil {
			token := sign(t.a.lease.Token)
			t.n.used = append(t.n.used, token) // whoever has it may answer, so it is not shown
			return token, nil
		}
		return nil, fmt.Errorf("task.token is not available here")
	}
	return nil, nil
}

// Keys implements expr.Object.
func (t taskNames) Keys() []string { return []string{"attempt", "key", "token"} }

var _ expr.Names = (*lateNames)(nil)
