package exec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// config is the checked configuration of one run.
type config struct {
	command   []string
	stdin     []byte
	env       []string
	dir       string
	timeout   time.Duration
	maxOutput int
	accept    []int
	json      bool // stdout is JSON
}

// written is the configuration as it stands in a definition, evaluated.
type written struct {
	Command   []string          `json:"command"`
	Stdin     *string           `json:"stdin"`
	JSON      json.RawMessage   `json:"json"`
	Env       map[string]string `json:"env"`
	Dir       string            `json:"dir"`
	Timeout   string            `json:"timeout"`
	MaxOutput *int              `json:"max_output"`
	Accept    []int             `json:"accept"`
	Output    string            `json:"output"`
}

// parse reads and checks a configuration.
func (x *Executor) parse(with json.RawMessage) (*config, error) {
	var w written
	d := json.NewDecoder(bytes.NewReader(with))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field != "" {
			return nil, fmt.Errorf("%s: a %s does not fit here", wrong.Field, wrong.Value)
		}
		return nil, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	c := &config{command: w.Command, dir: w.Dir, accept: w.Accept, maxOutput: min(defaultOutput, x.opts.MaxOutput)}
	for _, step := range []func(*written) error{c.setCommand, c.setInput, c.setEnv, c.setBounds} {
		if err := step(&w); err != nil {
			return nil, err
		}
	}
	if c.maxOutput > x.opts.MaxOutput {
		return nil, fmt.Errorf("max_output is more than the %d bytes allowed here", x.opts.MaxOutput)
	}
	return c, x.checkDir(c.dir)
}

func (c *config) setCommand(w *written) error {
	if len(w.Command) == 0 || w.Command[0] == "" {
		return errors.New("command names no program")
	}
	for _, word := range w.Command {
		if strings.ContainsRune(word, 0) {
			return errors.New("command holds a NUL character")
		}
	}
	return nil
}

func (c *config) setInput(w *written) error {
	switch {
	case w.Stdin != nil && w.JSON != nil:
		return errors.New("stdin and json exclude each other")
	case w.Stdin != nil:
		c.stdin = []byte(*w.Stdin)
	case w.JSON != nil:
		c.stdin = append(bytes.Clone(w.JSON), '\n')
	}
	if len(c.stdin) > maxInput {
		return fmt.Errorf("stdin has more than %d bytes", maxInput)
	}
	return nil
}

func (c *config) setEnv(w *written) error {
	for name, value := range w.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(value, 0) {
			return fmt.Errorf("env: %q cannot be set", name)
		}
		// The dynamic linker would run code of the author's choice in a program that the operator allowed.
		if upper := strings.ToUpper(name); strings.HasPrefix(upper, "LD_") || strings.HasPrefix(upper, "DYLD_") || upper == "PATH" {
			return fmt.Errorf("env: %s cannot be set", name)
		}
		c.env = append(c.env, name+"="+value)
	}
	slices.Sort(c.env)
	return nil
}

func (c *config) setBounds(w *written) error {
	switch w.Output {
	case "", "text":
	case "json":
		c.json = true
	default:
		return errors.New("output: want text or json")
	}
	if w.Timeout != "" {
		d, err := duration(w.Timeout)
		if err != nil {
			return fmt.Errorf("timeout: %w", err)
		}
		c.timeout = d
	}
	if w.MaxOutput != nil {
		if *w.MaxOutput < 0 {
			return errors.New("max_output is negative")
		}
		c.maxOutput = *w.MaxOutput
	}
	return nil
}

// checkDir refuses folders outside of the one that programs run in, also by way of a link.
func (x *Executor) checkDir(dir string) error {
	if dir == "" {
		return nil
	}
	if !filepath.IsLocal(dir) {
		return errors.New("dir: want a folder below the one that programs run in")
	}
	base := x.opts.Dir
	if base == "" {
		base = "."
	}
	root, err := os.OpenRoot(base)
	if err != nil {
		return errors.New("dir: the folder that programs run in cannot be opened")
	}
	defer func() { _ = root.Close() }()
	info, err := root.Stat(dir)
	if err != nil || !info.IsDir() {
		return fmt.Errorf("dir: there is no folder %q to run in", dir)
	}
	return nil
}

// duration reads 250ms, 90s, 1h30m; a program that runs for days should be several steps.
func duration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is no duration such as 250ms, 90s or 1h30m", s)
	}
	return d, nil
}
