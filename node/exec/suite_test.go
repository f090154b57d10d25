//go:build unix

package exec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/node/nodetest"
)

func TestSuite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	nodetest.Run(t, nodetest.Case{
		Type: open().Type(),
		Good: sh(`printf %s "$PAWL_TASK_KEY" > `+file+`.$$ && mv `+file+`.$$ `+file, ""),
		Slow: `{"command":["sleep","1000"]}`,
		Bad:  []string{`{"command":["no-such-program"]}`, `{"command":["true"],"dir":".."}`},
		SeenKey: func() string {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Error(err)
			}
			return strings.TrimSpace(string(b))
		},
		Secret: sh("exit 1", `,"stdin":"`+nodetest.Canary+`","env":{"PASSWORD":"`+nodetest.Canary+`"}`),
		Large:  sh("yes", `,"max_output":4194304`),
	})
}
