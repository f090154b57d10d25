// Package model holds the words of Pawl: definitions, outcomes, statuses, results and errors as plain types.
//
// It imports nothing of the module and must not know how a definition is written (internal/spec), run
// (internal/kernel) or stored (store). No clock, no randomness, no IO.
package model
