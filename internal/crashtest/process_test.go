package crashtest

import (
	"bufio"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// built is the victim, made once for all tests.
var built struct {
	once sync.Once
	dir  string
	err  error
	out  []byte
}

func TestMain(m *testing.M) {
	// However few processors there are: the tests that are parallel mostly wait. The command line may say otherwise.
	_ = flag.Set("test.parallel", "4")
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// victim is the path of the program that dies, with the fault points in it.
func victim(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command to build the victim with")
	}
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "pawl-victim-"); built.err == nil {
			built.out, built.err = exec.Command("go", "build", "-tags", "pawlfault", "-o", filepath.Join(built.dir, "victim"), "./victim").CombinedOutput()
		}
	})
	if built.err != nil {
		t.Fatalf("building the victim: %v\n%s", built.err, built.out)
	}
	return filepath.Join(built.dir, "victim")
}

// process is a victim that runs.
type process struct {
	t          *testing.T
	cmd        *exec.Cmd
	stderr     strings.Builder
	lines      []string // all of them, once it is done
	said       chan string
	done       chan struct{}
	err        error
	killedByUs bool
	idle       atomic.Bool // it has said so
}

// spawn starts a victim, which the end of the test ends.
func spawn(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, said: make(chan string, 1<<16), done: make(chan struct{})}
	p.cmd = exec.Command(victim(t), args...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
	})
	go func() {
		defer close(p.done)
		for r := bufio.NewReader(out); ; {
			line, err := r.ReadString('\n')
			if err != nil {
				break // what has no end was not said
			}
			line = strings.TrimSpace(line)
			p.lines = append(p.lines, line)
			if line == "idle" {
				p.idle.Store(true)
			}
			select {
			case p.said <- line:
			default:
			}
		}
		p.err = p.cmd.Wait()
	}()
	return p
}

// hears waits for a line with the prefix, within a bound.
func (p *process) hears(prefix string, bound time.Duration) string {
	p.t.Helper()
	up := time.NewTimer(bound)
	defer up.Stop()
	for {
		select {
		case line := <-p.said:
			if strings.HasPrefix(line, prefix) {
				return line
			}
		case <-p.done:
			for len(p.said) > 0 {
				if line := <-p.said; strings.HasPrefix(line, prefix) {
					return line
				}
			}
			p.t.Fatalf("the victim ended with %v and has not said %q\n%.3000s", p.err, prefix, p.stderr.String())
		case <-up.C:
			p.t.Fatalf("the victim has not said %q within %s", prefix, bound)
		}
	}
}

// hush forgets what was said until now.
func (p *process) hush() {
	for len(p.said) > 0 {
		<-p.said
	}
}

// send sends a signal to the process and to no other.
func (p *process) send(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends the process and no other.
func (p *process) kill() {
	p.killedByUs = true
	_ = p.cmd.Process.Kill()
}

func (p *process) wait() error {
	<-p.done
	return p.err
}

// ends waits for the end of a process that is about to end.
func (p *process) ends(bound time.Duration) error {
	p.t.Helper()
	select {
	case <-p.done:
		return p.err
	case <-time.After(bound):
		p.t.Fatalf("the victim has not ended within %s", bound)
		return nil
	}
}
