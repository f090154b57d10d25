package engine

import (
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
)

// F45: tasks are handed out in turn over the namespaces that have some; lines that have run empty give nobody more turns.
func TestF45_DispatchTakesTurnsOverNamespacesWithTasks(t *testing.T) {
	var q taskQueue
	push := func(namespace string) {
		q.push(&shard.Task{Namespace: namespace, Task: kernel.Task{Type: "function"}})
	}
	for _, ns := range []string{"cold", "a", "b", "c", "d", "e", "hot"} {
		push(ns)
		q.pop(nil)
	}
	for range 100 {
		push("hot")
	}
	for range 5 {
		push("cold")
	}
	cold := 0
	for range 11 {
		if task, ok := q.pop(nil); ok && task.Namespace == "cold" {
			cold++
		}
	}
	if cold != 5 {
		t.Fatalf("%d of 11 turns for 5 tasks beside a namespace with 100", cold)
	}
}
