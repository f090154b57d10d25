package pawl

import "context"

// BulkPlan is what a bulk would do, had it been started now.
type BulkPlan struct {
	// Found are the executions that the filter selects. Of them Sampled were tried out, newest first: to Done of those
	// it would be done, and Refused would be refused.
	Sampled int `json:"sampled"`
	BulkCounts
	// Kept, Again, Cancelled, Ends and Repeats add up what [Preview] says of the steps of those tried out.
	Kept      int `json:"kept"`
	Again     int `json:"again"`
	Cancelled int `json:"cancelled"`
	Ends      int `json:"ends"`
	Repeats   int `json:"repeats"`
}

// manySampled is how many executions Plan tries out unless it is told otherwise.
const manySampled = 1000

// Plan says what a bulk would do, whatever its verb, and changes nothing. It counts all executions that the filter
// selects and tries out the newest sample of them; 0 is 1,000.
func (b Bulks) Plan(ctx context.Context, s BulkSpec, sample int) (*BulkPlan, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if sample <= 0 {
		sample = manySampled
	}
	p := &BulkPlan{}
	found := 0
	for f := s.Filter; ; {
		f.Limit = 1000
		ids, next, err := b.e.selected(ctx, f)
		if err != nil {
			return nil, err
		}
		found += len(ids)
		for _, id := range ids {
			if p.Sampled == sample {
				break
			}
			if err := p.try(ctx, b.e, &s.Do, id); err != nil {
				return nil, err
			}
		}
		if f.Cursor = next; f.Cursor == "" {
			p.Found = found
			return p, nil
		}
	}
}

// try adds what would become of one execution.
func (p *BulkPlan) try(ctx context.Context, e *Engine, v *BulkVerb, id string) error {
	var seen Preview
	err := v.do(ctx, e, id, []CommandOption{Plan(&seen)})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && seen.Refused != nil {
		err = &Error{Code: seen.Refused.Code, Message: seen.Refused.Message}
	}
	p.Sampled++
	p.add(id, err, manyRefusals)
	p.Kept += len(seen.Kept)
	p.Again += len(seen.Again)
	p.Cancelled += len(seen.Cancelled)
	p.Ends += len(seen.Ends)
	p.Repeats += len(seen.Repeats)
	return nil
}
