package kernel

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/model"
)

// Ask is what an approval asks, for those who decide.
type Ask struct {
	Title, Description string
	Outcomes           []string
	// Everybody may decide who is not excluded; else the assignees, people and groups.
	Everybody          bool
	Assignees, Exclude []string
	Quorum, Veto       int
	// Form is the JSON Schema of what is filled in with a decision; nil where there is none.
	Form  []byte
	Votes []Vote
	// Escalates is when more people are asked, 0 = never, and Adds whom.
	Escalates int64
	Adds      []string
}

// Vote is one person's decision.
type Vote struct {
	By, Outcome, Why string
	At               int64
	Form             []byte
}

// May says why a person of these groups may not decide; nil if they may.
func (a *Ask) May(person string, groups []string) *model.Error {
	switch name := anyOf(a.Exclude, person, groups); {
	case name != "":
		return &model.Error{Code: CodeExcluded, Message: name + " is excluded"}
	case !a.Everybody && anyOf(a.Assignees, person, groups) == "":
		return &model.Error{Code: CodeNotAssignee, Message: person + " is not asked"}
	case slices.ContainsFunc(a.Votes, func(v Vote) bool { return v.By == person }):
		return &model.Error{Code: CodeAlreadyVoted, Message: person + " has decided"}
	}
	return nil
}

// Asks reports whether a person or group of that name is asked.
func (a *Ask) Asks(name string) bool { return slices.Contains(a.Assignees, name) }

// String writes all of it, for comparisons.
func (a *Ask) String() string { return fmt.Sprintf("%+v", *a) }

func (b *ballot) view(due int64) *Ask {
	a := &Ask{
		Title: b.title, Description: b.text, Outcomes: slices.Clone(b.outcomes), Everybody: b.open,
		Assignees: slices.Clone(b.assignees), Exclude: slices.Clone(b.exclude), Quorum: b.quorum, Veto: b.veto,
		Form: slices.Clone(b.form), Escalates: due,
	}
	for _, v := range b.votes {
		a.Votes = append(a.Votes, Vote{By: v.by, Outcome: v.word, Why: v.why, At: v.at, Form: slices.Clone(v.form)})
	}
	if b.escalated < len(b.escalate) {
		a.Adds = slices.Clone(b.escalate[b.escalated].add)
	}
	return a
}

// TagApproval is the tag by which the executions are found in which an approval waits; its value is TagWaits. No
// definition can give a tag such a name.
const (
	TagApproval = "@approval"
	TagWaits    = "waits"
)

// Ask is the approval that waits at step, which names it as [Decision.Step] does; nil where none does.
func (s *State) Ask(step string) *Ask {
	st, err := s.approvalAt(step)
	if err != nil || st.over() || st.stopped() {
		return nil
	}
	return st.ballot.view(st.due)
}

// Asks is how many approvals wait.
func (s *State) Asks() int { return len(s.asks) }

// explain says who may decide, how many have, and when more are asked.
func (a *Ask) explain(now int64) string {
	var b strings.Builder
	switch {
	case a.Everybody:
		b.WriteString("everybody may decide")
	case len(a.Assignees) == 0:
		b.WriteString("nobody may decide yet")
	default:
		b.WriteString(people(a.Assignees) + " may decide")
	}
	if len(a.Exclude) > 0 {
		b.WriteString(", but not " + people(a.Exclude))
	}
	fmt.Fprintf(&b, "; %s needs %d, so far: ", a.Outcomes[0], a.Quorum)
	if len(a.Votes) == 0 {
		b.WriteString("no votes")
	}
	for i, v := range a.Votes {
		if i == 10 {
			fmt.Fprintf(&b, " and %d more", len(a.Votes)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(v.By + " " + v.Outcome)
	}
	if a.Escalates > 0 {
		b.WriteString("; it escalates")
		if len(a.Adds) > 0 {
			b.WriteString(" to " + people(a.Adds))
		}
		b.WriteString(" at " + ahead(a.Escalates, now))
	}
	return b.String()
}
