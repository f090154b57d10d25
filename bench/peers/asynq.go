package main

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"github.com/pawl-dev/pawl/bench/race"
)

// asynqEntries are asynq, a queue of tasks on Redis: a chain is a task that enqueues the next one. 200 workers, a look at an
// empty queue every 5 ms instead of every second, and at tasks of the future every 100 ms instead of every 5 s. Redis
// flushes at each write in one row and once a second in the other, which is how Redis is used mostly.
func asynqEntries() []race.Entry {
	entry := func(store, fsync, note string) race.Entry {
		return race.Entry{
			System: "asynq", Store: store, Module: "github.com/hibiken/asynq", License: "MIT",
			Settings: "200 workers, task check 5 ms, delayed task check 100 ms, a Redis of its own with appendfsync " + fsync,
			Persists: "one hash for the task, moved between lists; removed when it is done",
			Note:     "a queue: no history, no data between steps; next task and completion are not atomic; that a fan-out is done is counted in memory" + note,
			Open:     func() race.System { return &asynqSystem{fsync: fsync} },
		}
	}
	return []race.Entry{
		entry("redis", "always", ""),
		entry("redis-everysec", "everysec", "; may lose a second of work"),
	}
}

type asynqSystem struct {
	fsync  string
	env    *race.Env
	redis  *redisServer
	client *asynq.Client
	server *asynq.Server
	look   *asynq.Inspector

	mu    sync.Mutex
	parts map[string]int // of executions that fan out: how many are not done
	tasks int            // that an execution is made of
}

// asynqStep is the payload of a task.
type asynqStep struct {
	Execution race.Execution `json:"execution"`
	Left      int            `json:"left"`
	Part      bool           `json:"part"`
}

func (a *asynqSystem) Open(ctx context.Context, env *race.Env) (err error) {
	a.env, a.parts = env, map[string]int{}
	if a.redis, err = newRedis(ctx, env.Dir, a.fsync); err != nil {
		return err
	}
	a.client, a.look = asynq.NewClientFromRedisClient(a.redis.Client), asynq.NewInspectorFromRedisClient(a.redis.Client)
	a.server = asynq.NewServerFromRedisClient(a.redis.Client, asynq.Config{
		Concurrency: 200, TaskCheckInterval: 5 * time.Millisecond, DelayedTaskCheckInterval: 100 * time.Millisecond,
		LogLevel: asynq.FatalLevel,
	})
	return a.server.Start(asynq.HandlerFunc(a.work))
}

func (a *asynqSystem) Start(ctx context.Context, e race.Execution) error {
	a.mu.Lock()
	a.tasks = 1
	switch e.Kind {
	case race.Chain:
		a.tasks = e.N
	case race.Fan:
		a.tasks, a.parts[e.ID] = e.N+1, e.N
	}
	a.mu.Unlock()
	return a.enqueue(ctx, asynqStep{Execution: e, Left: e.N}, e.Until)
}

func (a *asynqSystem) enqueue(ctx context.Context, s asynqStep, at time.Time) error {
	payload, err := json.Marshal(s)
	if err != nil {
		return err
	}
	var opts []asynq.Option
	if !at.IsZero() {
		opts = append(opts, asynq.ProcessAt(at))
	}
	_, err = a.client.EnqueueContext(ctx, asynq.NewTask("step", payload), opts...)
	return err
}

// work does one step.
func (a *asynqSystem) work(ctx context.Context, t *asynq.Task) error {
	var s asynqStep
	if err := json.Unmarshal(t.Payload(), &s); err != nil {
		return err
	}
	switch {
	case s.Part:
		if a.part(s.Execution.ID) > 0 {
			return nil
		}
	case s.Execution.Kind == race.Fan:
		for range s.Execution.N {
			if err := a.enqueue(ctx, asynqStep{Execution: s.Execution, Part: true}, time.Time{}); err != nil {
				return err
			}
		}
		return nil
	case s.Left > 1:
		return a.enqueue(ctx, asynqStep{Execution: s.Execution, Left: s.Left - 1}, time.Time{})
	}
	a.env.Ended(s.Execution.ID)
	return nil
}

// part takes one from what is left of a fan-out.
func (a *asynqSystem) part(id string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.parts[id]--
	return a.parts[id]
}

// Done counts the tasks that Redis has as processed.
func (a *asynqSystem) Done(context.Context) (int, error) {
	info, err := a.look.GetQueueInfo("default")
	if err != nil {
		return 0, err
	}
	return info.ProcessedTotal / a.tasks, nil
}

func (a *asynqSystem) Durable(ctx context.Context) (string, error) { return a.redis.durable(ctx) }

func (a *asynqSystem) Server() int { return serverOf(nil, a.redis) }

func (a *asynqSystem) Close() error {
	if a.server != nil {
		a.server.Shutdown()
	}
	return a.redis.stop()
}
