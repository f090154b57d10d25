package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/rehearse"
	"github.com/pawl-dev/pawl/node"
	"github.com/pawl-dev/pawl/node/standard"
)

type testCmd struct {
	Files  []string   `arg:"" optional:"" default:"." help:"Files of cases (NAME.test.yaml), or folders to search for them." name:"file"`
	Only   string     `name:"run" short:"r" help:"Only cases whose name matches." placeholder:"PATTERN"`
	Crash  bool       `help:"Play each case again with a crash before and after each commit; all must end the same."`
	Cover  int        `help:"Fail below this coverage of nodes and edges, in percent." placeholder:"PERCENT"`
	Output testFormat `short:"o" help:"table, json or junit." enum:"table,json,junit" default:"table"`
	Long   bool       `name:"verbose" short:"v" help:"Also what happened in each case, and when."`
	Quiet  bool       `short:"q" help:"Only what does not hold, and the last line."`
}

// testFormat is what -o asks for.
type testFormat string

const asJUnit testFormat = "junit"

// tested is everything that came of a run of pawl test.
type tested struct {
	suites  []*rehearse.Suite
	cases   []testedCase
	failed  int
	crashes int
	virtual int64
	real    time.Duration
}

type testedCase struct {
	*rehearse.Result
	real time.Duration
}

// Run plays the cases of files and folders, and says which hold and what they went through.
func (c *testCmd) Run(ctx context.Context, e *env) error {
	pattern, err := regexp.Compile(c.Only)
	if err != nil {
		return usage("--run: %v", err)
	}
	files, err := suites(c.Files)
	if err != nil {
		return err
	}
	out := &tested{}
	began := time.Now()
	broken := 0
	for _, file := range files {
		s, err := rehearse.Load(file, descriptors(), func(path string) ([]byte, error) { return readFile(e, path) })
		var faults pawl.Faults
		if errors.As(err, &faults) {
			e.faults(faults)
			broken++
			continue
		}
		if err != nil {
			return err
		}
		out.suites = append(out.suites, s)
		if err := c.play(ctx, e, s, pattern, out); err != nil {
			return err
		}
	}
	out.real = time.Since(began)
	if err := c.print(e, out); err != nil {
		return err
	}
	return c.verdict(e, out, broken)
}

// play runs the cases of one file.
func (c *testCmd) play(ctx context.Context, e *env, s *rehearse.Suite, pattern *regexp.Regexp, out *tested) error {
	for i := range s.Spec.Cases {
		one := &s.Spec.Cases[i]
		if !pattern.MatchString(one.Name) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		began := time.Now()
		var r *rehearse.Result
		if c.Crash {
			var tried int
			r, tried = s.Everywhere(one)
			out.crashes += tried
		} else {
			r = s.Run(one, rehearse.Crash{})
		}
		out.cases = append(out.cases, testedCase{r, time.Since(began)})
		out.virtual += r.Took
		if len(r.Problems) > 0 {
			out.failed++
		}
		if c.Output == testFormat(asTable) {
			c.line(e, r)
		}
	}
	return nil
}

// line tells a person about one case as soon as it is over.
func (c *testCmd) line(e *env, r *rehearse.Result) {
	word, colour := "ok  ", "\x1b[32m"
	if len(r.Problems) > 0 {
		word, colour = "FAIL", "\x1b[31m"
	} else if c.Quiet {
		return
	}
	if e.colour(e.outTTY) {
		word = colour + word + "\x1b[0m"
	}
	fmt.Fprintf(e.out, "%s  %s:%d  %s  (%s in %s)\n", word, r.File, r.Line, oneLine(r.Case), count(r.Steps, "step"), expr.FormatDuration(r.Took))
	for _, p := range r.Problems {
		fmt.Fprintf(e.out, "      line %d: %s\n", p.Line, strings.ReplaceAll(p.Text, "\n", "\n      "))
	}
	if c.Long {
		for _, x := range r.Executions {
			e.happened(x)
		}
	}
}

// happened tells what became of one execution, in virtual time since it began.
func (e *env) happened(x *rehearse.Execution) {
	fmt.Fprintf(e.out, "      %s %s\n", x.Workflow, x.Version)
	for i := range x.Events {
		ev := &x.Events[i]
		if ev.Type == "edges" {
			continue
		}
		line := []string{expr.FormatDuration(ev.At - x.Began), ev.Type, ev.Step, ev.Outcome, ev.Name, ev.Text}
		if ev.Error != nil {
			line = append(line, ev.Error.Error())
		}
		if len(ev.Data) > 0 {
			line = append(line, clipped(string(ev.Data), 100))
		}
		line = slices.DeleteFunc(line, func(s string) bool { return s == "" })
		fmt.Fprintf(e.out, "        %s\n", oneLine(strings.Join(line, "  ")))
	}
}

// clipped shortens s to what fits into a line.
func clipped(s string, most int) string {
	for i := range s {
		if i >= most {
			return s[:i] + "..."
		}
	}
	return s
}

func (c *testCmd) print(e *env, out *tested) error {
	switch c.Output {
	case testFormat(asJSON):
		return printJSON(e.out, out.document(), true)
	case asJUnit:
		return out.junit(e.out)
	}
	for _, s := range out.suites {
		for _, v := range s.Coverage.Workflows {
			c.coverage(e, v)
		}
	}
	return nil
}

// coverage tells what of a workflow no case went through.
func (c *testCmd) coverage(e *env, v *rehearse.Covered) {
	nodes, edges := v.Missing()
	if c.Quiet && len(nodes)+len(edges) == 0 {
		return
	}
	fmt.Fprintf(e.out, "coverage  %s %s  nodes %d/%d  edges %d/%d\n", v.Workflow, v.Version,
		len(v.Nodes)-len(nodes), len(v.Nodes), len(v.Edges)-len(edges), len(v.Edges))
	for _, n := range nodes {
		fmt.Fprintf(e.out, "          no step of %s\n", n)
	}
	for _, edge := range edges {
		fmt.Fprintf(e.out, "          never taken: %s\n", oneLine(edge))
	}
}

// verdict says how it went and gives the exit code.
func (c *testCmd) verdict(e *env, out *tested, broken int) error {
	percent := out.percent()
	crashes := ""
	if c.Crash {
		crashes = fmt.Sprintf(", %d crashes", out.crashes)
	}
	e.say("%s, %d failed, coverage %d%%%s; %s in %s.", count(len(out.cases), "case"), out.failed, percent, crashes,
		expr.FormatDuration(out.virtual), out.real.Round(time.Millisecond))
	switch {
	case broken > 0 || out.failed > 0:
		return quiet(exitFailed)
	case len(out.cases) == 0:
		return notFound("no case to run")
	case percent < c.Cover:
		e.say("pawl: coverage is %d%%, less than %d%%", percent, c.Cover)
		return quiet(exitFailed)
	}
	return nil
}

// percent is the share of nodes and edges that the cases went through, rounded down.
func (t *tested) percent() int {
	all, missed := 0, 0
	for _, s := range t.suites {
		for _, v := range s.Coverage.Workflows {
			nodes, edges := v.Missing()
			all += len(v.Nodes) + len(v.Edges)
			missed += len(nodes) + len(edges)
		}
	}
	if all == 0 {
		return 100
	}
	return (all - missed) * 100 / all
}

func descriptors() []node.Descriptor { return standard.Descriptors() }

// suites finds the files of cases. NAME/... is the folder and all below it; a folder alone is searched as deep. Hidden
// folders below are left out.
func suites(args []string) ([]string, error) {
	var out []string
	for _, arg := range args {
		path := strings.TrimSuffix(strings.TrimSuffix(arg, "..."), "/")
		if path == "" {
			path = "."
		}
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, notFound("there is no file or folder %s", path)
		case err != nil:
			return nil, err
		case !info.IsDir():
			out = append(out, path)
			continue
		}
		found := len(out)
		err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && name != path && strings.HasPrefix(d.Name(), "."):
				return fs.SkipDir
			case !d.IsDir() && rehearse.IsSuite(name):
				out = append(out, name)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(out) == found {
			return nil, notFound("there is no file NAME.test.yaml in %s", path)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
