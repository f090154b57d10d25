// Package exec is the effect node that runs a program of the host: type exec. It is off unless its operator turns it
// on, since whoever may deploy a definition may then run programs as the engine's user.
//
// There is no shell: a command is a list of words. The program gets its own process group, which is killed when the
// step ends for whatever reason, an environment of its own, and bounded room for its output. The package must not know
// who calls it: it sees one task and nothing of graphs, stores or workers.
package exec

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
)

// Type is the name of the node type.
const Type = "exec"

//go:embed config.json
var configSchema json.RawMessage

//go:embed output.json
var outputSchema json.RawMessage

//go:embed doc.md
var doc string

// Options configure an [Executor]. The zero value runs nothing.
type Options struct {
	// Enabled turns the type on.
	Enabled bool
	// Commands lists the programs that may be run, as they are written in a definition; empty allows all.
	Commands []string
	// Dir is the folder in which programs run, and below which a configuration may choose; the process's own where it
	// is empty.
	Dir string
	// Env is the environment of every program, as name=value; a configuration adds to it. Empty: only PATH and, where
	// they are set, LANG, LC_ALL, TZ, HOME and TMPDIR of this process.
	Env []string
	// MaxOutput is the most that a configuration may ask for as max_output: 4 MiB.
	MaxOutput int
	// Grace is how long a program may go on after it was asked to end (SIGTERM) before it is killed: 2 s.
	Grace time.Duration
}

const (
	defaultOutput = 64 << 10
	maxOutput     = 4 << 20
	defaultGrace  = 2 * time.Second
	maxTail       = 8 << 10
	maxInput      = 4 << 20
)

// Executor runs programs.
type Executor struct{ opts Options }

// New makes an executor.
func New(o Options) *Executor {
	if o.MaxOutput <= 0 {
		o.MaxOutput = maxOutput
	}
	if o.Grace <= 0 {
		o.Grace = defaultGrace
	}
	if len(o.Env) == 0 {
		o.Env = plainEnv()
	}
	return &Executor{opts: o}
}

// plainEnv keeps what programs need and nothing that could be a secret.
func plainEnv() []string {
	var env []string
	for _, name := range []string{"PATH", "LANG", "LC_ALL", "TZ", "HOME", "TMPDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// Type is the node type that x executes.
func (x *Executor) Type() node.Type { return node.Type{Descriptor: Descriptor(), Executor: x} }

// Descriptor describes the node type.
func Descriptor() node.Descriptor {
	return node.Descriptor{
		Type:   Type,
		Short:  "Runs a program of the host (off unless enabled)",
		Doc:    strings.TrimSpace(doc),
		Config: configSchema,
		Output: outputSchema,
		Icon:   "terminal",
	}
}

// Execute implements node.Executor.
func (x *Executor) Execute(ctx context.Context, t *node.Task) (model.Result, error) {
	if !x.opts.Enabled {
		return failed("exec_disabled", "programs may not be run here; the operator has to enable the type exec"), nil
	}
	c, err := x.parse(t.With)
	if err != nil {
		return failed("bad_config", err.Error()), nil
	}
	if len(x.opts.Commands) > 0 && !slices.Contains(x.opts.Commands, c.command[0]) {
		return failed("exec_denied", fmt.Sprintf("the program %q is not among those that may be run here", c.command[0])), nil
	}
	limited := ctx
	if c.timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	r, err := x.start(limited, c, t)
	if err != nil {
		return model.Result{Error: startFault(c, err)}, nil
	}
	err = r.wait()
	if ctx.Err() != nil && !r.exitedWell(err) {
		return model.Result{}, context.Cause(ctx)
	}
	return r.result(c, limited, err), nil
}

// start starts the program.
func (x *Executor) start(ctx context.Context, c *config, t *node.Task) (*process, error) {
	path, err := x.find(c.command[0])
	if err != nil {
		return nil, err
	}
	r := &process{stdout: head{limit: c.maxOutput}, stderr: tail{limit: maxTail}}
	ctx, r.overflow = context.WithCancelCause(ctx)
	r.stdout.full = func() { r.overflow(errOutput) }
	r.ctx = ctx
	cmd := exec.CommandContext(ctx, path, c.command[1:]...)
	cmd.Args[0] = c.command[0]
	cmd.Dir = filepath.Join(x.opts.Dir, c.dir)
	cmd.Env = append(slices.Clone(x.opts.Env), c.env...)
	cmd.Env = append(cmd.Env, "PAWL_TASK_KEY="+t.Key, fmt.Sprintf("PAWL_ATTEMPT=%d", t.Attempt))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(c.stdin), &r.stdout, &r.stderr
	cmd.WaitDelay = x.opts.Grace
	r.cmd = cmd
	group(cmd, x.opts.Grace, r)
	if err := cmd.Start(); err != nil {
		r.overflow(nil)
		return nil, err
	}
	return r, nil
}

var errNotFound = errors.New("there is no such program")

// find looks a program up in the PATH that it will get, not in that of this process.
func (x *Executor) find(name string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		if !filepath.IsAbs(name) {
			return "", errors.New("a path to a program must be absolute")
		}
		return name, nil
	}
	for _, kv := range x.opts.Env {
		list, ok := strings.CutPrefix(kv, "PATH=")
		if !ok {
			continue
		}
		for _, dir := range filepath.SplitList(list) {
			path := filepath.Join(dir, name)
			if info, err := os.Stat(path); filepath.IsAbs(dir) && err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
				return path, nil
			}
		}
	}
	return "", errNotFound
}

func startFault(c *config, err error) *model.Error {
	no := false
	e := &model.Error{Code: "cannot_start", Message: fmt.Sprintf("%s: %v", c.command[0], err), Retryable: &no}
	var path *os.PathError
	switch {
	case errors.Is(err, errNotFound) || errors.Is(err, os.ErrNotExist):
		e.Code = "command_not_found"
		e.Message = fmt.Sprintf("there is no program %q", c.command[0])
	case errors.As(err, &path):
		e.Message = fmt.Sprintf("%s: %v", c.command[0], path.Err)
	}
	return e
}

func failed(code, message string) model.Result {
	no := false
	return model.Result{Error: &model.Error{Code: code, Message: message, Retryable: &no}}
}
