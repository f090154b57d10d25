package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// program builds the command line once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "pawl")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "pawl")
	out, err := exec.Command("go", "build", "-o", path, "github.com/pawl-dev/pawl/cmd/pawl").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

// built is the folder of the program, which TestMain removes.
var built string

// shell runs the command line in a folder of its own, on the store pawl.db there.
type shell struct {
	t   *testing.T
	dir string
}

// commandLine makes a shell with a good definition, an execution of which waits for the signal go.
func commandLine(t *testing.T) (s *shell, waiting string) {
	t.Helper()
	s = &shell{t: t, dir: t.TempDir()}
	s.write("good.yaml", "workflow: good\nnodes:\n  - hold: {signal: go}\n  - say: {end: {output: fine}}\n")
	out := s.must(0, "run", "good.yaml", "--detach", "-o", "json")
	var x struct{ ID string }
	if err := json.Unmarshal([]byte(out), &x); err != nil || x.ID == "" {
		t.Fatalf("no id in %s: %v", out, err)
	}
	return s, x.ID
}

func (s *shell) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// pawl runs one command and gives its exit code and output. Where there is a shell its memory is bounded, so that
// reading what has no end kills it and not the machine.
func (s *shell) pawl(args ...string) (code int, stdout, stderr string) {
	s.t.Helper()
	path, err := program()
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	if sh, err := exec.LookPath("sh"); err == nil {
		cmd = exec.CommandContext(ctx, sh, append([]string{"-c", `ulimit -v 3000000 2>/dev/null; exec "$0" "$@"`, path}, args...)...)
	}
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, &out, &errs
	cmd.Env = append(os.Environ(), "PAWL_STORE=pawl.db", "NO_COLOR=1")
	var x *exec.ExitError
	if err := cmd.Run(); err != nil && (!errors.As(err, &x) || ctx.Err() != nil) {
		s.t.Fatalf("pawl %.200q: %v\n%.2000s", args, err, errs.String())
	}
	stdout, stderr = out.String(), errs.String()
	if strings.Contains(stderr, "goroutine ") || strings.Contains(stderr, "fatal error") {
		s.t.Errorf("pawl %.200q crashed:\n%.4000s", args, stderr)
	}
	return cmd.ProcessState.ExitCode(), stdout, stderr
}

// must runs a command that ends with that code and returns its standard output.
func (s *shell) must(want int, args ...string) string {
	s.t.Helper()
	code, stdout, stderr := s.pawl(args...)
	if code != want {
		s.t.Fatalf("pawl %.200q: exit code %d instead of %d\n%.2000s%.2000s", args, code, want, stdout, stderr)
	}
	return stdout
}

// endures lets the waiting execution end; there are n of them altogether in the store.
func (s *shell) endures(waiting string, n int) {
	s.t.Helper()
	s.must(0, "signal", waiting, "go")
	s.must(0, "resume", waiting)
	if got := s.must(0, "get", waiting); !strings.Contains(got, "completed") {
		s.t.Errorf("the waiting execution:\n%s", got)
	}
	if got := strings.Fields(s.must(0, "list", "-o", "name")); len(got) != n {
		s.t.Errorf("%d executions instead of %d: %s", len(got), n, got)
	}
}

// TestS30_BrokenFilesByCommand: validate tells every fault of all files with its place; run refuses each and leaves
// the store as it is.
func TestS30_BrokenFilesByCommand(t *testing.T) {
	t.Parallel()
	s, waiting := commandLine(t)
	all := []string{"validate", "good.yaml"}
	for _, b := range definitions() {
		s.write(b.file(), b.text)
		all = append(all, b.file())
	}
	report := s.must(1, all...)
	for _, b := range definitions() {
		place := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(b.file()) + `:\d+:\d+: ` + b.code + `\b`)
		if !place.MatchString(report) {
			t.Errorf("validate does not tell %s of %s", b.code, b.file())
		}
		if code, _, errs := s.pawl("run", b.file()); code != 1 || !place.MatchString(errs) || len(errs) > 400_000 {
			t.Errorf("run %s: exit code %d, %d bytes: %.1000s", b.file(), code, len(errs), errs)
		}
	}
	if strings.Contains(report, "good.yaml") {
		t.Error("the good file has faults")
	}
	s.endures(waiting, 1)
}

// TestS22_FilesWithoutEnd: what cannot be read to its end is refused before memory runs out.
func TestS22_FilesWithoutEnd(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip("there is no /dev/zero")
	}
	s, waiting := commandLine(t)
	for _, args := range [][]string{{"validate", "/dev/zero"}, {"run", "/dev/zero"}, {"graph", "/dev/zero"}, {"run", "good.yaml", "--input", "@/dev/zero"}} {
		if code, _, errs := s.pawl(args...); code != 1 && code != 2 || len(errs) == 0 || len(errs) > 4000 {
			t.Errorf("pawl %s: exit code %d: %.500s", args, code, errs)
		}
	}
	s.must(1, "validate", ".")
	s.must(3, "validate", "nowhere.yaml")
	s.endures(waiting, 1)
}

// TestS20_S21_BadInputsByCommand: inputs that break their schema, or the language they are written in.
func TestS20_S21_BadInputsByCommand(t *testing.T) {
	t.Parallel()
	s, waiting := commandLine(t)
	s.write("picky.yaml", "workflow: picky\ninput: {id: string, n: \"integer = 1\"}\nnodes: {a: {set: {}}}\n")
	bomb := "a0: &a0 [x]\n"
	for i := 1; i < 40; i++ {
		bomb += "a" + string(rune('0'+i%10)) + strings.Repeat("x", i) + ": &a" + strings.Repeat("x", i) + " [*a" + prior(i) + ", *a" + prior(i) + "]\n"
	}
	s.write("bomb.yaml", bomb)
	s.write("deep.json", strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000))
	s.write("nan.yaml", "id: x\nn: .nan\n")
	s.write("twice.json", `{"id":"a","id":"b"}`)
	s.write("large.json", `{"id":"`+strings.Repeat("x", 20<<20)+`"}`)
	for _, c := range []struct {
		code  int
		input string
		says  string
	}{
		{1, `{"id":1}`, "/id: must be text"},
		{1, `{}`, "id"},
		{1, `id=a n=x`, "n"},
		{1, `@twice.json`, "twice"},
		{1, `@large.json`, "bytes, more than"},
		{2, `{"id":`, "JSON"},
		{2, `@bomb.yaml`, "bomb.yaml"},
		{2, `@deep.json`, "deep.json"},
		{2, `@nan.yaml`, "NaN"},
		{3, `@nowhere.json`, "nowhere.json"},
	} {
		args := []string{"run", "picky.yaml"}
		for _, word := range strings.Fields(c.input) {
			args = append(args, "--input", word)
		}
		code, _, errs := s.pawl(args...)
		if code != c.code || !strings.Contains(errs, c.says) || len(errs) > 2000 {
			t.Errorf("%s: exit code %d instead of %d, without %q: %.600s", c.input, code, c.code, c.says, errs)
		}
	}
	s.endures(waiting, 1)
}

// prior names the anchor before the i-th.
func prior(i int) string {
	if i == 1 {
		return "0"
	}
	return strings.Repeat("x", i-1)
}

// TestF38_SignalsByCommand: to what is not there, and to what has ended.
func TestF38_SignalsByCommand(t *testing.T) {
	t.Parallel()
	s, waiting := commandLine(t)
	s.must(3, "signal", "01jd0000000000000000000000", "go")
	s.must(3, "signal", "nobody", "go")
	s.must(2, "signal", waiting)
	s.endures(waiting, 1)
	s.must(4, "signal", waiting, "go")
}

// TestF24_F31_FlippedByteByCommand: get and list show the execution as parked with the reason, verbs on it fail with
// the same, and a resume of everything finishes the others.
func TestF24_F31_FlippedByteByCommand(t *testing.T) {
	t.Parallel()
	s, waiting := commandLine(t)
	other := strings.Fields(s.must(0, "run", "good.yaml", "--detach", "-o", "name"))[0]
	s.must(0, "signal", waiting, "go")
	flip(t, filepath.Join(s.dir, "pawl.db"), other, "journal", "body", 1, 20)
	for range 2 {
		for _, args := range [][]string{{"get", other}, {"list", "-s", "parked"}} {
			if got := s.must(0, args...); !strings.Contains(got, "parked") || args[0] == "get" && !strings.Contains(got, "checksum of entry 1") {
				t.Errorf("pawl %s:\n%s", args, got)
			}
			if args[0] == "get" {
				s.must(1, "signal", other, "go")
			}
		}
		s.must(1, "cancel", other)
		s.must(5, "history", other)
	}
	code, out, errs := s.pawl("resume", "--wait", "20s")
	if code != 0 || !strings.Contains(out+errs, other+" is parked") {
		t.Errorf("resume: exit code %d\n%s%s", code, out, errs)
	}
	if got := s.must(0, "get", waiting); !strings.Contains(got, "completed") {
		t.Errorf("the other one:\n%s", got)
	}
	flip(t, filepath.Join(s.dir, "pawl.db"), other, "journal", "body", 1, 20)
	s.endures(other, 2)
}
