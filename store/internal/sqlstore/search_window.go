package sqlstore

import (
	"bytes"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Where conditions are left that no index knows, a run in which nothing fits would be read to its end, although the
// others have long filled the page. So the runs are searched window by window of ids: the first holds this many pages of
// executions, of no run more than its share or one page, and each next one so many times more.
const (
	firstWindow  = 64
	windowGrowth = 8
)

// windowed reports whether stretches are to be searched window by window.
func (s *finding) windowed(list []source) bool {
	if len(list) < 2 || list[0].run == (Run{}) {
		return false
	}
	rest, _ := s.rest(&list[0])
	return rest != ""
}

// scanWindows searches stretches until the page is full.
func (s *finding) scanWindows(list []source) error {
	for n := max(firstWindow*s.size/len(list), s.size); ; n *= windowGrowth {
		end, last, err := s.window(list, n)
		if err != nil {
			return err
		}
		lo, hi := s.lo, s.hi
		switch {
		case last:
		case s.filter.Order == store.Oldest:
			s.hi = end
		default:
			s.lo = end
		}
		if err := s.scanAll(list); err != nil || last || len(s.found) == s.size {
			return err
		}
		behind := store.Filter{Order: s.filter.Order, Cursor: end.String()}
		from, to, err := behind.Range()
		if err != nil {
			return err
		}
		s.lo, s.hi = greater(lo, from), smaller(hi, to)
		if bytes.Compare(s.lo[:], s.hi[:]) > 0 {
			return nil
		}
	}
}

// window finds the id up to which no stretch has more than n executions and one; last says that all have fewer.
func (s *finding) window(list []source, n int) (end record.ID, last bool, err error) {
	order := " DESC"
	if s.filter.Order == store.Oldest {
		order = ""
	}
	last = true
	for some := range slices.Chunk(list, max(s.Together, 1)) {
		var sql strings.Builder
		var args []any
		for i := range some {
			if i > 0 {
				sql.WriteString(" UNION ALL ")
			}
			one := &some[i]
			text := "SELECT " + one.id + " FROM " + one.from + " WHERE " + one.where + " AND " + one.id + " BETWEEN ? AND ? ORDER BY " +
				one.id + order + " LIMIT 1 OFFSET ?"
			if len(some) > 1 {
				text = "(" + text + ")"
			}
			sql.WriteString(text)
			args = append(append(append(args, one.args...), s.lo[:], s.hi[:]), int64(n))
		}
		err := s.q.Ask(sql.String(), args, func(scan func(dest ...any) error) error {
			var raw []byte
			err := scan(&raw)
			var id record.ID
			copy(id[:], raw)
			switch {
			case last:
				end, last = id, false
			case order == "":
				end = smaller(end, id)
			default:
				end = greater(end, id)
			}
			return err
		})
		if err != nil {
			return end, last, err
		}
	}
	return end, last, nil
}

func greater(a, b record.ID) record.ID {
	if bytes.Compare(a[:], b[:]) > 0 {
		return a
	}
	return b
}

func smaller(a, b record.ID) record.ID {
	if bytes.Compare(a[:], b[:]) < 0 {
		return a
	}
	return b
}
