package sealed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pawl-dev/pawl/store"
)

// Rekeyed says what [Rekey] did.
type Rekeyed struct {
	// Current data keys were under the current key already, Rewrapped ones are now.
	Current   int `json:"current"`
	Rewrapped int `json:"rewrapped"`
	// Locked ones stay as they are: none of the keys opens them.
	Locked int `json:"locked"`
	// Added data keys are new.
	Added int `json:"added"`
}

// rekeyPage is how many data keys are read at a time.
const rekeyPage = 500

// Rekey wraps every data key of a store with the first of keys, where it is not. No row of an execution is touched, and
// engines may run meanwhile. It can be stopped at any moment and called again. With renew every namespace gets a new data
// key, too, for what is written from then on.
func Rekey(ctx context.Context, s store.DataKeys, keys []KEK, renew bool) (Rekeyed, error) {
	var done Rekeyed
	if len(keys) == 0 {
		return done, errors.New("no key to wrap with")
	}
	newest := map[string]int64{}
	for after := uint64(0); ; {
		page, err := s.ListDataKeys(ctx, after, rekeyPage)
		if err != nil {
			return done, err
		}
		if len(page) == 0 {
			break
		}
		for i := range page {
			newest[page[i].Namespace] = max(newest[page[i].Namespace], page[i].At)
			if err := done.rewrap(ctx, s, keys, &page[i]); err != nil {
				return done, err
			}
		}
		after = page[len(page)-1].ID
	}
	if !renew {
		return done, nil
	}
	for namespace, at := range newest { // sorted: each by itself
		now := time.Now()
		if now.UnixMilli() <= at { // it must come after those that are there
			now = time.UnixMilli(at + 1)
		}
		k, _, err := newDataKey(ctx, keys[0], namespace, now)
		if err == nil {
			err = s.AddDataKey(ctx, k)
		}
		if err != nil {
			return done, err
		}
		done.Added++
	}
	return done, nil
}

func (r *Rekeyed) rewrap(ctx context.Context, s store.DataKeys, keys []KEK, k *store.DataKey) error {
	current := keys[0]
	if k.KEK == current.ID() {
		r.Current++
		return nil
	}
	secret, err := unwrapWith(ctx, keys, k)
	if err != nil {
		r.Locked++
		return nil
	}
	wrapped, err := current.Wrap(ctx, secret, wrapBound(k))
	if err != nil {
		return fmt.Errorf("key %s: %w", current.ID(), err)
	}
	switch err := s.RewrapDataKey(ctx, k.ID, k.KEK, current.ID(), wrapped); {
	case errors.Is(err, store.ErrRewrapped): // by somebody else, meanwhile
		r.Current++
	case err != nil:
		return err
	default:
		r.Rewrapped++
	}
	return nil
}
