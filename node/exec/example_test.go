//go:build unix

package exec_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/pawl-dev/pawl/node"
	"github.com/pawl-dev/pawl/node/exec"
)

func Example() {
	x := exec.New(exec.Options{Enabled: true, Commands: []string{"sort"}})
	task := &node.Task{With: json.RawMessage(`{"command": ["sort", "-n"], "stdin": "10\n9\n1\n"}`)}
	res, err := x.Execute(context.Background(), task)
	fmt.Println(string(res.Output), err)

	task.With = json.RawMessage(`{"command": ["rm", "-rf", "/"]}`)
	res, _ = x.Execute(context.Background(), task)
	fmt.Println(res.Error)
	// Output:
	// {"code":0,"stdout":"1\n9\n10\n","stderr":""} <nil>
	// exec_denied: the program "rm" is not among those that may be run here
}
