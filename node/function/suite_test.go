package function

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/pawl-dev/pawl/node/nodetest"
)

func TestSuite(t *testing.T) {
	var set Set
	var key atomic.Value
	begun := make(chan struct{}, 10)
	for _, err := range []error{
		Register(&set, "good", func(ctx context.Context, in item) (item, error) {
			key.Store(TaskFrom(ctx).Key)
			return in, nil
		}),
		Register(&set, "slow", func(ctx context.Context, _ struct{}) (struct{}, error) {
			begun <- struct{}{}
			<-ctx.Done()
			return struct{}{}, ctx.Err()
		}),
		Register(&set, "login", func(context.Context, map[string]string) (int, error) { return 0, errors.New("refused") }),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	nodetest.Run(t, nodetest.Case{
		Type:    set.Type(),
		Good:    `{"args":{"n":2,"sku":"a"},"name":"good"}`,
		Slow:    `{"name":"slow"}`,
		Begun:   func() { <-begun },
		Bad:     []string{`{"name":"none"}`, `{"args":3,"name":"good"}`},
		SeenKey: func() string { return key.Load().(string) },
		Secret:  `{"args":{"password":"` + nodetest.Canary + `"},"name":"login"}`,
	})
}
