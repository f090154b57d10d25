package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/pawl-dev/pawl/store/sqlite"
)

// Tests of what other processes see and of crashes run this binary again as a child.
const (
	childMode = "PAWL_SQLITE_CHILD" // what the child does
	childPath = "PAWL_SQLITE_PATH"
	childSize = "PAWL_SQLITE_SIZE" // bytes of a body
)

// leftover is folders of more than one test, which go when all are done.
var leftover []string

func TestMain(m *testing.M) {
	switch mode := os.Getenv(childMode); mode {
	case "":
		code := m.Run()
		for _, dir := range leftover {
			_ = os.RemoveAll(dir)
		}
		os.Exit(code)
	case "hold", "write":
		if err := child(mode); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
	default:
		fmt.Println("error: no child", mode)
		os.Exit(1)
	}
}

// executionsPerBatch is how many executions every batch of a writing child touches.
const executionsPerBatch = 3

// child opens the store and then either holds it until its input ends, or commits for ever and says on its output
// which batch is acknowledged.
func child(mode string) error {
	ctx := context.Background()
	b, err := sqlite.Open(os.Getenv(childPath), sqlite.Program("child 9.9")).Open(ctx)
	if err != nil {
		return err
	}
	fmt.Println("open")
	if mode == "hold" {
		_, err := bufio.NewReader(os.Stdin).ReadString('\n')
		_ = err // the end of the input is the signal
		return b.Close()
	}
	size, err := strconv.Atoi(os.Getenv(childSize))
	if err != nil {
		return err
	}
	return writeForEver(ctx, b, size)
}

// startChild runs this test binary, or another built from it, as a child.
func startChild(t *testing.T, binary, mode, path string, env ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), childMode+"="+mode, childPath+"="+path, childSize+"=300")
	cmd.Env = append(cmd.Env, env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd, bufio.NewScanner(out)
}

// expect reads one line.
func expect(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	if !lines.Scan() || lines.Text() != want {
		t.Fatalf("child said %q, want %q (%v)", lines.Text(), want, lines.Err())
	}
}
