package query

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pawl-dev/pawl/internal/expr"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()

const hour = 60 * 60 * 1000

func ms(text string) int64 {
	at, err := expr.ParseTime(text)
	if err != nil {
		panic(err)
	}
	return at
}

func num(n float64) Value { return Value{Num: n, IsNum: true} }

func TestParse(t *testing.T) {
	open := []string{"pending", "running", "paused", "compensating", "parked"}
	parent := "01mcc5rm0016nyt7d8fcjf4y2d"
	for text, want := range map[string]Query{
		"":                                    {},
		"  \t ":                               {},
		"status:failed":                       {Statuses: []string{"failed"}},
		"status=failed,parked workflow:order": {Statuses: []string{"failed", "parked"}, Workflows: []string{"order"}},
		"status:open":                         {Statuses: open},
		"status:open,paused,failed":           {Statuses: append(open[:5:5], "failed")},
		`workflow:"an order",refund version:1.2 outcome:x`: {Workflows: []string{"an order", "refund"}, Versions: []string{"1.2"}, Outcomes: []string{"x"}},
		`error:"card \"declined\", \\ twice"`:              {Error: `card "declined", \ twice`},
		`error:c:\temp`:                                    {Error: `c:\temp`},
		"key:october parent:" + parent + " id:01m":         {Key: "october", Parent: parent, ID: "01m"},
		"waiting:signal":                                   {Waiting: []string{"signal"}},
		`waiting:"signal approve",timer`:                   {Waiting: []string{"signal approve", "timer"}},
		"fingerprint:0123456789abcdef":                     {Fingerprints: []string{"0123456789abcdef"}},
		"amount>100":                                       {Tags: []Tag{{"amount", Greater, []Value{num(100)}}}},
		"amount>=-1.5e3 amount<1e9":                        {Tags: []Tag{{"amount", GreaterEqual, []Value{num(-1500)}}, {"amount", Less, []Value{num(1e9)}}}},
		"tag.customer:acme,beta":                           {Tags: []Tag{{"customer", Equal, []Value{{Text: "acme"}, {Text: "beta"}}}}},
		"tag.customer!=acme":                               {Tags: []Tag{{"customer", NotEqual, []Value{{Text: "acme"}}}}},
		`tag.zip:"1",01067,1`:                              {Tags: []Tag{{"zip", Equal, []Value{{Text: "1"}, {Text: "01067"}, num(1)}}}},
		"tag.customer:* tag.a:\"*\"":                       {Tags: []Tag{{"customer", Exists, nil}, {"a", Equal, []Value{{Text: "*"}}}}},
		`tag."a b":x`:                                      {Tags: []Tag{{"a b", Equal, []Value{{Text: "x"}}}}},
		"tag.status:x":                                     {Tags: []Tag{{"status", Equal, []Value{{Text: "x"}}}}},
		"started>-24h":                                     {StartedFrom: noon - 24*hour + 1},
		"started>=-24h started<now":                        {StartedFrom: noon - 24*hour, StartedTo: noon},
		"started>=-24h started>=-1h":                       {StartedFrom: noon - hour},
		"started<+1h":                                      {StartedTo: noon + hour},
		"started:2026-01-31":                               {StartedFrom: ms("2026-01-31"), StartedTo: ms("2026-02-01")},
		"started>2026-01-31 ended<=2026-02-02":             {StartedFrom: ms("2026-02-01"), EndedTo: ms("2026-02-03")},
		"ended<2026-01-01T10:00:00+01:00":                  {EndedTo: ms("2026-01-01T09:00:00Z")},
		"ended<1970-01-01":                                 {EndedTo: -1},
		"ended:*":                                          {EndedFrom: 1},
		"sort:oldest":                                      {Oldest: true},
		"sort:newest":                                      {},
		"-status:completed -workflow:a,b":                  {Except: []Query{{Statuses: []string{"completed"}}, {Workflows: []string{"a", "b"}}}},
		"status!=completed":                                {Except: []Query{{Statuses: []string{"completed"}}}},
		"-tag.customer:acme -ended:*":                      {Except: []Query{{Tags: []Tag{{"customer", Equal, []Value{{Text: "acme"}}}}}, {EndedFrom: 1}}},
		"-(workflow:order status:failed) key:k":            {Key: "k", Except: []Query{{Workflows: []string{"order"}, Statuses: []string{"failed"}}}},
	} {
		got, err := Parse(text, noon)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s\ngot  %+v\nwant %+v", text, got, want)
		}
		again, err := Parse(got.String(), noon+hour)
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%s is printed as %s, which is %+v, %v", text, got.String(), again, err)
		}
	}
}

// Every error names the place, says what is wrong and, where it can, what to write instead. The marker is the place.
func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"workflow:a |statsu:failed":    "there is no field statsu; did you mean status? For a tag write tag.statsu",
		"|statsu=failed":               "there is no field statsu; did you mean status? For a tag write tag.statsu",
		"|city:Bonn":                   "there is no field city; for a tag write tag.city",
		"status:|fialed":               `there is no status "fialed"; did you mean failed?`,
		"status:failed,|x":             `there is no status "x"; there are open, pending`,
		"|declined":                    `"declined" stands alone; write a field before it, such as workflow:declined or error:"declined"`,
		"|status":                      `"status" stands alone; write a comparison and a value behind it`,
		"status:|":                     `status has no value; for empty text write ""`,
		"status:failed,|":              `status has no value`,
		`error:|"card`:                 `the quote is not closed; write a second "`,
		`error:"a"|b`:                  `"b" does not belong to the term before it; put a space between terms`,
		"|:x":                          `":" begins no term`,
		"status|>failed":               "status has no order to be compared by; write status:failed",
		"started>|24h":                 `"24h" is no time; write -24h for that long ago`,
		"started>|-24x":                `"-24x" is no time`,
		"started>|2026-13-01":          `"2026-13-01" is no time`,
		"started>|10000-01-01":         `"10000-01-01" is no time`,
		"started>|+99999999d":          "too far away",
		"started|:-24h":                "-24h is a moment, at which hardly anything started; write started>-24h",
		"status:failed |status:parked": "status is there twice, and both would have to hold; write status:this,that",
		"key:a,|b":                     "key takes one value; text with a comma goes in quotes",
		"parent:|01m":                  `"01m" is no id; write all 26 characters`,
		"id:|01u":                      `"01u" begins no id`,
		"fingerprint:|abc":             `"abc" is no fingerprint`,
		"sort:|amount":                 `cannot sort by "amount"; write sort:oldest or sort:newest`,
		"-|started>-24h":               "started cannot be negated; turn the comparison round",
		"-|sort:oldest":                "sort cannot be negated",
		"-|status!=failed":             "status is negated twice; write status:failed",
		"|- status:failed":             "there is nothing behind the minus",
		"|-()":                         "there is nothing in the brackets",
		"-(status:failed|":             "the bracket is not closed; write )",
		"-(|-status:failed)":           "a term in -( ) cannot be negated",
		"tag.a>1,|2":                   "the tag a can be compared with one value",
		"|tag.:x":                      "the tag has no name; write tag.customer:acme",
		"workflow:|\"\"":               "workflow cannot be empty",
	} {
		at := strings.Index(text, "|")
		_, err := Parse(strings.Replace(text, "|", "", 1), noon)
		var e *expr.Error
		if !errors.As(err, &e) || e.Code != CodeQuery {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if e.Offset != at || !strings.Contains(e.Error(), want) {
			t.Errorf("%s\ngot  %d %s\nwant %d %s", text, e.Offset, e, at, want)
		}
	}
	for _, text := range []string{"\xff", "a\x00b", strings.Repeat("a", maxText+1), strings.Repeat("amount>1 ", maxTerms+1), "status:failed" + strings.Repeat(",failed", maxValues)} {
		if _, err := Parse(text, noon); err == nil {
			t.Errorf("%.40q was read", text)
		}
	}
}

// Whatever can be asked is printed so that it is read as the same.
func TestPrintedQueriesAreReadAsTheSame(t *testing.T) {
	word := rapid.OneOf(rapid.StringN(1, 12, -1), rapid.SampledFrom([]string{"a", "*", "1", "-", "a b", `"`, `\`, ")", "=", "a,b", "a:b", "007", "1e5"})).
		Filter(func(s string) bool { return !strings.Contains(s, "\x00") && strings.ToValidUTF8(s, "") == s })
	value := rapid.OneOf(rapid.Map(word, func(s string) Value { return Value{Text: s} }), rapid.Map(rapid.Float64Range(-1e300, 1e300), num))
	lists := func(name string) *rapid.Generator[[]string] {
		if name == fStatus {
			return rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"failed", "running", "parked", "completed"}), 0, 3, rapid.ID)
		}
		if name == fFingerprint {
			return rapid.SliceOfN(rapid.StringMatching("[0-9a-f]{16}"), 0, 2)
		}
		return rapid.SliceOfN(word, 0, 3)
	}
	draw := func(t *rapid.T, fields []string) (q Query) {
		for _, name := range fields {
			if list := q.list(name); list != nil {
				if *list = lists(name).Draw(t, name); len(*list) == 0 {
					*list = nil
				}
			}
		}
		if rapid.Bool().Draw(t, "one") {
			q.Key, q.Error = word.Draw(t, "key"), word.Draw(t, "error")
		}
		if rapid.Bool().Draw(t, "ended") {
			q.EndedFrom, q.EndedTo = rapid.Int64Range(1, lastTime).Draw(t, "from"), rapid.Int64Range(1, lastTime).Draw(t, "to")
		}
		for range rapid.IntRange(0, 3).Draw(t, "tags") {
			g := Tag{Name: word.Draw(t, "name"), Is: rapid.SampledFrom([]string{Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, Exists}).Draw(t, "is")}
			switch g.Is {
			case Exists:
			case Equal, NotEqual:
				g.Values = rapid.SliceOfN(value, 1, 3).Draw(t, "values")
			default:
				g.Values = []Value{value.Draw(t, "value")}
			}
			q.Tags = append(q.Tags, g)
		}
		return q
	}
	rapid.Check(t, func(t *rapid.T) {
		q := draw(t, Fields)
		q.Oldest, q.StartedFrom = rapid.Bool().Draw(t, "oldest"), rapid.Int64Range(0, lastTime).Draw(t, "since")
		for range rapid.IntRange(0, 2).Draw(t, "except") {
			if x := draw(t, Fields); !x.empty() {
				q.Except = append(q.Except, x)
			}
		}
		text := q.String()
		got, err := Parse(text, noon)
		if len(text) <= maxText && (err != nil || !reflect.DeepEqual(got, q)) {
			t.Fatalf("%s\ngot  %+v %v\nwant %+v", text, got, err, q)
		}
	})
}

// FuzzParse: no text makes it panic; what is read is printed so that it is read as the same; the place of an error lies
// within the text (S27).
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`status:failed workflow:order amount>100 started>-24h error:"card declined"`, `-(status:open tag."a b":1,"x") ended<2026-01-01`,
		`sort:oldest id:01m -`, `tag.x:"\"`, `a!=b -c!=d`, `started:2026-01-31 ended:*`, "-(", `-(a>1)`, "key:\"a\nb\"",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Parse(text, noon)
		if err != nil {
			var e *expr.Error
			if !errors.As(err, &e) || e.Message == "" || e.Offset < 0 || e.Offset > len(text) {
				t.Fatalf("%q: %v", text, err)
			}
			e.Caret()
			return
		}
		printed := q.String()
		again, err := Parse(printed, noon)
		if len(printed) <= maxText && (err != nil || !reflect.DeepEqual(again, q)) {
			t.Fatalf("%q is printed as %q: %+v, want %+v: %v", text, printed, again, q, err)
		}
	})
}
