// Package query is the language of searches: text such as
//
//	status:failed workflow:order amount>100 started>-24h -error:"card declined"
//
// to what it asks for, and back. It is pure: what the time is comes as an argument. It must not know stores, and what
// is done to what is found.
package query

// Query is what a text asks for; zero fields ask for nothing. Of a list one must fit; all fields must.
type Query struct {
	Workflows    []string
	Versions     []string
	Statuses     []string
	Outcomes     []string
	Fingerprints []string
	Waiting      []string // how something begins that is waited for
	Key          string
	Parent       string // an id
	ID           string // how an id begins
	Error        string // part of the error
	Tags         []Tag
	// Times are Unix milliseconds, From inclusive, To exclusive.
	StartedFrom, StartedTo int64
	EndedFrom, EndedTo     int64
	// Except leaves out what any of these asks for. They hold no ids, starts, order or exceptions.
	Except []Query
	Oldest bool
}

// Tag compares a tag of an execution.
type Tag struct {
	Name string
	// Is is one of the comparisons below.
	Is     string
	Values []Value
}

// The comparisons of tags.
const (
	Equal        = "="
	NotEqual     = "!="
	Less         = "<"
	LessEqual    = "<="
	Greater      = ">"
	GreaterEqual = ">="
	Exists       = "exists"
)

// Value is text or a number.
type Value struct {
	Text  string
	Num   float64
	IsNum bool
}

// Statuses by the words that stand for several.
var groups = []struct {
	word     string
	statuses []string
}{
	{"open", []string{"pending", "running", "paused", "compensating", "parked"}},
	{"closed", []string{"completed", "failed", "cancelled", "terminated"}},
}

// Bounds of a query.
const (
	maxText   = 8 << 10 // bytes of the whole
	maxTerms  = 32
	maxValues = 100
)
