package main

import (
	"context"
	"encoding/json"
	"net/netip"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/rehearse"
	"github.com/pawl-dev/pawl/node"
	"github.com/pawl-dev/pawl/node/exec"
	"github.com/pawl-dev/pawl/node/http"
)

// storeFlags are common to all verbs that open a store.
type storeFlags struct {
	Store     string `help:"What holds executions: an SQLite file, or a URL such as postgres://host/database." default:".pawl/pawl.db" env:"PAWL_STORE" placeholder:"STORE"`
	Namespace string `help:"Tenant to speak for." default:"default" env:"PAWL_NAMESPACE" hidden:""`
	blobsFlag
	keyFlags
}

// workFlags are common to the verbs that execute tasks.
type workFlags struct {
	AllowExec    bool              `help:"Let exec nodes run programs." env:"PAWL_ALLOW_EXEC"`
	AllowPrivate bool              `help:"Let http nodes reach loopback and private addresses." env:"PAWL_ALLOW_PRIVATE"`
	Workers      int               `help:"Tasks that run at once." default:"64"`
	Config       map[string]string `help:"Value of config.NAME in definitions, JSON or text; repeatable." mapsep:"none" placeholder:"NAME=VALUE"`
	Mocks        string            `help:"Really call nothing: answer tasks as the mocks of this file of cases say, after a second at most." placeholder:"FILE"`
	Grace        time.Duration     `help:"How long Ctrl-C lets running tasks go on." default:"10s"`
}

// mode says what an engine is opened for.
type mode uint8

const (
	inspecting mode = iota // executes nothing
	working
	creating // executes nothing, but makes a store
	bulking  // carries on bulks, and executes nothing else
)

// open opens the engine on the store. A store that is not there is made only by verbs that put something into it.
func (s *storeFlags) open(ctx context.Context, e *env, m mode, w workFlags) (*pawl.Engine, error) {
	opener, err := s.opener()
	if err != nil {
		return nil, err
	}
	if err := s.prepare(m); err != nil {
		return nil, err
	}
	if opener, err = s.outside(opener, m); err != nil {
		return nil, err
	}
	types, config, err := w.executors(e)
	if err != nil {
		return nil, err
	}
	o := pawl.Options{Namespace: s.Namespace, By: e.user, Nodes: types, Workers: -1, NoFunctions: true, Secrets: secretsFrom(e)}
	o.Config, o.Bulks = config, m == bulking
	if m == working {
		o.Workers, o.Grace = max(w.Workers, 1), max(w.Grace, time.Millisecond)
		opener = warned{opener, e.say}
	}
	return pawl.Open(ctx, s.seal(e, opener), o)
}

// executors are the node types with what executes them, and the values of config.NAME.
func (w workFlags) executors(e *env) ([]node.Type, map[string]any, error) {
	config := configOf(w.Config)
	if w.Mocks == "" {
		return nodeTypes(w), config, nil
	}
	suite, err := rehearse.Load(w.Mocks, descriptors(), func(path string) ([]byte, error) { return readFile(e, path) })
	if err != nil {
		return nil, nil, err
	}
	for name, value := range suite.Spec.Config() { // sorted: into a map
		if _, said := config[name]; !said {
			config[name] = value
		}
	}
	return suite.Types(descriptors()), config, nil
}

// nodeTypes are the effect types of this program.
func nodeTypes(w workFlags) []node.Type {
	reach := http.Options{UserAgent: "pawl/" + programVersion()}
	if w.AllowPrivate {
		reach.Allow = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	}
	return []node.Type{http.New(reach).Type(), exec.New(exec.Options{Enabled: w.AllowExec}).Type()}
}

// configOf reads each value as JSON where it is JSON, else as text.
func configOf(flags map[string]string) map[string]any {
	config := make(map[string]any, len(flags))
	for name, text := range flags {
		if json.Valid([]byte(text)) {
			config[name] = json.RawMessage(text)
			continue
		}
		config[name] = text
	}
	return config
}

// secretsFrom takes secrets.<name> from the environment variable PAWL_SECRET_<name>.
func secretsFrom(e *env) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v := e.getenv("PAWL_SECRET_" + name)
		return v, v != ""
	}
}
