package acceptance

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
	"testing/synctest"
)

// aloneEnv names, in a child, the test that it runs.
const aloneEnv = "PAWL_ACCEPTANCE_ALONE"

// alone runs f in a bubble of testing/synctest, where time is virtual, in a process of its own: the clock there begins
// in the year 2000, and channels that the engine keeps for reuse must not leave a bubble. What env holds is added to
// the environment of the process.
func alone(t *testing.T, f func(t *testing.T), env ...string) {
	t.Helper()
	if os.Getenv(aloneEnv) == t.Name() {
		synctest.Test(t, f)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=60s", "-test.count=1")
	cmd.Env = append(append(os.Environ(), aloneEnv+"="+t.Name()), env...)
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name()+" ")) {
		t.Errorf("in a process of its own: %v\n%s", err, out)
	}
}
