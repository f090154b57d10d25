package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/store"
)

// Copy writes what one store holds into another: journals, heads, keys, messages that wait, definitions, wrapped data
// keys, byte by byte. Both must be at rest; the target's shards are held meanwhile. An execution that is there, equal, is
// left as it is, and one that differs is refused ([ErrDiffers]), so a copy that was interrupted is run again, and one that
// has ended is compared by that.
func Copy(ctx context.Context, from, to store.Backend, o Options) (done Done, err error) {
	if i := from.Info(); i.Incarnation == to.Info().Incarnation {
		return done, errors.New("source and target are the same store")
	}
	before, clean, err := atRest(ctx, from, o.watch())
	if err != nil {
		return done, fmt.Errorf("source: %w", err)
	}
	done.Unclean = !clean
	t, err := openTarget(ctx, to, o, &done)
	if err != nil {
		return done, fmt.Errorf("target: %w", err)
	}
	defer func() { err = errors.Join(err, t.close(ctx)) }()
	t.alike = from.Info().Shards == to.Info().Shards
	s := &source{b: from, o: o, to: t, done: &done, tell: &teller{to: o.Progress}}
	if err := s.run(ctx); err != nil {
		return done, err
	}
	if err := t.flush(ctx); err != nil {
		return done, err
	}
	after, err := from.Claims(ctx)
	if err == nil && !slices.Equal(before, after) {
		err = ErrChanged
	}
	return done, err
}
