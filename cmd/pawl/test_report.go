package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/pawl-dev/pawl/internal/rehearse"
)

// testDocument is what -o json prints.
type testDocument struct {
	Cases    []testCaseDoc `json:"cases"`
	Failed   int           `json:"failed"`
	Crashes  int           `json:"crashes,omitempty"`
	Percent  int           `json:"coverage_percent"`
	Coverage []coverageDoc `json:"coverage"`
}

type testCaseDoc struct {
	File     string       `json:"file"`
	Line     int          `json:"line"`
	Case     string       `json:"case"`
	OK       bool         `json:"ok"`
	Problems []problemDoc `json:"problems,omitempty"`
	Steps    int          `json:"steps"`
	Commits  int          `json:"commits"`
	// VirtualMS passed in the case, Seconds really.
	VirtualMS int64   `json:"virtual_ms"`
	Seconds   float64 `json:"seconds"`
}

type problemDoc struct {
	Line int    `json:"line"`
	Text string `json:"text"`
}

type coverageDoc struct {
	Workflow string                 `json:"workflow"`
	Version  string                 `json:"version"`
	Nodes    []rehearse.CoveredNode `json:"nodes"`
	Edges    []rehearse.CoveredEdge `json:"edges"`
}

func (t *tested) document() testDocument {
	d := testDocument{Cases: []testCaseDoc{}, Failed: t.failed, Crashes: t.crashes, Percent: t.percent(), Coverage: []coverageDoc{}}
	for _, c := range t.cases {
		one := testCaseDoc{File: c.File, Line: c.Line, Case: c.Case, OK: len(c.Problems) == 0, Steps: c.Steps, Commits: c.Commits, VirtualMS: c.Took, Seconds: c.real.Seconds()}
		for _, p := range c.Problems {
			one.Problems = append(one.Problems, problemDoc(p))
		}
		d.Cases = append(d.Cases, one)
	}
	for _, s := range t.suites {
		for _, v := range s.Coverage.Workflows {
			d.Coverage = append(d.Coverage, coverageDoc{v.Workflow, v.Version, v.Nodes, v.Edges})
		}
	}
	return d
}

// The elements of a JUnit report, as CI systems read them.
type (
	junitRoot struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

func (t *tested) junit(w io.Writer) error {
	root := junitRoot{Tests: len(t.cases), Failures: t.failed, Time: seconds(t.real.Seconds())}
	for _, s := range t.suites {
		suite := junitSuite{Name: s.File}
		total := 0.0
		for _, c := range t.cases {
			if c.File == s.File {
				suite.add(c)
				total += c.real.Seconds()
			}
		}
		suite.Time = seconds(total)
		root.Suites = append(root.Suites, suite)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(root); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) add(c testedCase) {
	one := junitCase{Class: strings.TrimSuffix(c.File, ".yaml"), Name: c.Case, File: c.File, Line: c.Line, Time: seconds(c.real.Seconds())}
	if len(c.Problems) > 0 {
		first, _, _ := strings.Cut(c.Problems[0].Text, "\n")
		text := make([]string, len(c.Problems))
		for i, p := range c.Problems {
			text[i] = fmt.Sprintf("line %d: %s", p.Line, p.Text)
		}
		one.Failure = &junitFailure{Message: first, Text: strings.Join(text, "\n")}
		s.Failures++
	}
	s.Tests++
	s.Cases = append(s.Cases, one)
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }
