//go:build unix

package exec

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open() *Executor { return New(Options{Enabled: true, Grace: 300 * time.Millisecond}) }

// sh is a configuration that runs a script.
func sh(script, more string) string {
	b, _ := json.Marshal([]string{"sh", "-c", script})
	return `{"command":` + string(b) + more + `}`
}

func do(t *testing.T, x *Executor, with string) model.Result {
	t.Helper()
	res, err := x.Execute(t.Context(), &node.Task{Key: "exec/step", Attempt: 3, With: json.RawMessage(with)})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func code(res model.Result) string {
	if res.Error == nil {
		return ""
	}
	return res.Error.Code
}

func TestPrograms(t *testing.T) {
	t.Setenv("PAWL_TEST_CANARY", "leaked")
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	x := New(Options{Enabled: true, Dir: dir})
	for name, tc := range map[string]struct{ with, code, output string }{
		"text":          {`{"command":["echo","a b","$HOME; ls"]}`, "", `{"code":0,"stdout":"a b $HOME; ls\n","stderr":""}`},
		"stderr":        {sh("echo warn >&2; printf ok", ""), "", `{"code":0,"stdout":"ok","stderr":"warn\n"}`},
		"stdin":         {`{"command":["cat"],"stdin":"<é>"}`, "", `{"code":0,"stdout":"<é>","stderr":""}`},
		"json in":       {`{"command":["cat"],"json":{"n":9007199254740993}}`, "", `{"code":0,"stdout":"{\"n\":9007199254740993}\n","stderr":""}`},
		"json out":      {sh(`echo ' {"a": [1]} '`, `,"output":"json"`), "", `{"code":0,"json":{"a":[1]},"stderr":""}`},
		"not json":      {sh(`echo '{'`, `,"output":"json"`), "bad_output", ""},
		"no json":       {sh(`true`, `,"output":"json"`), "bad_output", ""},
		"exit":          {sh("echo one >&2; echo broken >&2; exit 3", ""), "exit_3", ""},
		"accepted":      {sh("exit 3", `,"accept":[3]`), "", `{"code":3,"stdout":"","stderr":""}`},
		"signal":        {sh("kill -9 $$", ""), "signal_9", ""},
		"env":           {sh(`echo "$A $PAWL_TASK_KEY $PAWL_ATTEMPT [$PAWL_TEST_CANARY]"`, `,"env":{"A":"1"}`), "", `{"code":0,"stdout":"1 exec/step 3 []\n","stderr":""}`},
		"dir":           {sh(`basename "$PWD"`, `,"dir":"sub"`), "", `{"code":0,"stdout":"sub\n","stderr":""}`},
		"bytes":         {sh(`printf 'a\377\000b'`, ""), "", `{"code":0,"stdout":"a��b","stderr":""}`},
		"not found":     {`{"command":["no-such-program-here"]}`, "command_not_found", ""},
		"no such file":  {`{"command":["/no/such/program"]}`, "command_not_found", ""},
		"no program":    {`{"command":["/etc/passwd"]}`, "cannot_start", ""},
		"relative":      {`{"command":["./x"]}`, "cannot_start", ""},
		"S26 outside":   {sh("pwd", `,"dir":"../.."`), "bad_config", ""},
		"S26 absolute":  {sh("pwd", `,"dir":"/etc"`), "bad_config", ""},
		"no such dir":   {sh("pwd", `,"dir":"none"`), "bad_config", ""},
		"no command":    {`{"command":[]}`, "bad_config", ""},
		"unknown key":   {`{"command":["true"],"shell":true}`, "bad_config", ""},
		"wrong type":    {`{"command":"ls -l"}`, "bad_config", ""},
		"NUL":           {`{"command":["echo","a\u0000b"]}`, "bad_config", ""},
		"linker":        {sh("true", `,"env":{"LD_PRELOAD":"/tmp/x.so"}`), "bad_config", ""},
		"PATH":          {sh("true", `,"env":{"PATH":"/tmp"}`), "bad_config", ""},
		"env name":      {sh("true", `,"env":{"A=B":"/tmp"}`), "bad_config", ""},
		"two inputs":    {sh("true", `,"stdin":"a","json":1`), "bad_config", ""},
		"timeout":       {sh("true", `,"timeout":"soon"`), "bad_config", ""},
		"output kind":   {sh("true", `,"output":"xml"`), "bad_config", ""},
		"large output":  {sh("true", `,"max_output":999999999`), "bad_config", ""},
		"output bound":  {sh("printf 12345", `,"max_output":5`), "", `{"code":0,"stdout":"12345","stderr":""}`},
		"output beyond": {sh("printf 123456", `,"max_output":5`), "payload_too_large", ""},
	} {
		res := do(t, x, tc.with)
		if code(res) != tc.code || string(res.Output) != tc.output {
			t.Errorf("%s: %s %+v", name, res.Output, res.Error)
		}
	}
	e := do(t, x, sh("echo one >&2; echo broken >&2; exit 3", "")).Error
	if e.Message != "sh ended with code 3: broken" || string(e.Details) != `{"code":3,"stderr":"one\nbroken\n"}` {
		t.Errorf("%s %s", e.Message, e.Details)
	}
}

func TestS26ALinkOutOfTheFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("/etc", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if res := do(t, New(Options{Enabled: true, Dir: dir}), sh("pwd", `,"dir":"link"`)); code(res) != "bad_config" {
		t.Errorf("%s %+v", res.Output, res.Error)
	}
}

func TestOffUnlessEnabled(t *testing.T) {
	if res := do(t, New(Options{}), sh("true", "")); code(res) != "exec_disabled" || *res.Error.Retryable {
		t.Errorf("%+v", res)
	}
	x := New(Options{Enabled: true, Commands: []string{"echo"}})
	if res := do(t, x, sh("true", "")); code(res) != "exec_denied" {
		t.Errorf("%+v", res)
	}
	if res := do(t, x, `{"command":["echo","x"]}`); code(res) != "" {
		t.Errorf("%+v", res.Error)
	}
}

func TestEndlessOutputIsEnded(t *testing.T) {
	began := time.Now()
	res := do(t, open(), sh("while :; do echo 0123456789; done", ""))
	if code(res) != "payload_too_large" || time.Since(began) > 5*time.Second {
		t.Errorf("%+v after %s", res.Error, time.Since(began))
	}
}

func TestEndlessStderrKeepsItsEnd(t *testing.T) {
	res := do(t, open(), sh("i=0; while [ $i -lt 5000 ]; do echo line $i >&2; i=$((i+1)); done; exit 1", ""))
	if code(res) != "exit_1" || !strings.HasSuffix(res.Error.Message, "line 4999") || len(res.Error.Details) > 3*maxTail {
		t.Errorf("%s, %d bytes", res.Error.Message, len(res.Error.Details))
	}
}

// witness is a script that tells its process id and that of its child through a pipe which both hold open, so that
// the end of the file is the end of both.
func witness(t *testing.T, script string) (full string, in *os.File) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	// Opened for both directions so that opening does not wait; the copy for writing is closed by ready.
	in, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	return "exec 3>" + path + "; " + script, in
}

// gone waits until no process holds the witness.
func gone(t *testing.T, pids []int) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for _, pid := range pids {
		for alive(pid) {
			select {
			case <-deadline:
				t.Fatalf("process %d is still there", pid)
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
}

// alive reports whether pid runs; what is dead and only waits to be collected does not.
func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return syscall.Kill(pid, 0) == nil
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	return fields[0] != "Z" && fields[0] != "X"
}

func pids(t *testing.T, in *os.File, n int) []int {
	t.Helper()
	var out []int
	r := bufio.NewReader(in)
	for range n {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		var pid int
		if _, err := fmt.Sscan(line, &pid); err != nil {
			t.Fatal(err)
		}
		out = append(out, pid)
	}
	return out
}

func TestCancellationKillsTheGroup(t *testing.T) {
	for name, body := range map[string]string{
		"polite":   "sleep 1000 & echo $! >&3; echo $$ >&3; wait",
		"stubborn": "trap '' TERM; (trap '' TERM; while :; do sleep 1000; done) & echo $! >&3; echo $$ >&3; while :; do wait; done",
	} {
		t.Run(name, func(t *testing.T) {
			script, in := witness(t, body)
			ctx, cancel := context.WithCancelCause(t.Context())
			why := errors.New("no longer wanted")
			var seen []int
			done := make(chan struct{})
			go func() {
				defer close(done)
				seen = pids(t, in, 2)
				cancel(why)
			}()
			_, err := open().Execute(ctx, &node.Task{With: json.RawMessage(sh(script, ""))})
			<-done
			if err != why {
				t.Errorf("error %v", err)
			}
			gone(t, seen)
		})
	}
}

func TestTimeoutKillsTheGroup(t *testing.T) {
	script, in := witness(t, "sleep 1000 & echo $! >&3; echo $$ >&3; wait")
	res := do(t, open(), sh(script, `,"timeout":"200ms"`))
	if code(res) != "timeout" {
		t.Errorf("%+v", res)
	}
	gone(t, pids(t, in, 2))
}

func TestWhatIsLeftBehindIsKilled(t *testing.T) {
	script, in := witness(t, "sleep 1000 & echo $! >&3; printf done")
	res := do(t, open(), sh(script, ""))
	if code(res) != "" || string(res.Output) != `{"code":0,"stdout":"done","stderr":""}` {
		t.Errorf("%s %+v", res.Output, res.Error)
	}
	gone(t, pids(t, in, 1))
}
