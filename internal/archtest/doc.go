// Package archtest holds the architecture as tests: who may import whom, which code is pure, and the budgets that
// keep files, interfaces and packages small. The table in house.go is the rule; everything else only reads it.
//
// Findings carry a position and say what to do. An exception is a line with a reason in house.go, and a line that
// excuses nothing any more is a finding itself.
//
// The package reads source text and must not know what the product does; nothing of the product imports it.
package archtest
