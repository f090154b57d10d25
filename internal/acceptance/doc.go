// Package acceptance holds only tests: bad input and faults, each met from the outside, by package pawl on a real
// SQLite file or by the command line as a process. Whatever is done to one execution, definition or file, the one who
// did it gets a coded error, what was acknowledged is still there when the file is opened again, and a bystander on
// the same engine goes on as if nothing had happened.
//
// The names of the tests carry the ids of the scenario (F), attack (S) and invariant (I) that they are about. What
// single packages do with the same inputs is tested there.
//
// The package must not know how anything is done inside: it looks through public functions, the exit codes and output
// of the command, and, to damage a file, at the tables of the SQLite schema.
package acceptance
