// Package crashtest kills real processes and looks at what they leave behind.
//
// A victim is a program of its own (folder victim) that embeds the engine on a SQLite file, built with the tag
// pawlfault. The test starts it, lets it work, kills it with SIGKILL at a random moment or at a named point of the
// commit path (F28), and then judges from the outside: the file, the log of effects that the victim's functions have
// written and synced by themselves, and what the victim had told its clients.
//
// With -stores the same is done over servers, and the servers themselves are stopped and killed under an engine at work.
//
// Other tests stop it and let it go on, fill its disk, flood it, bound its memory, and ask it to drain.
//
// What bounds memory is a control group below that of the test, where it may make one: as root, with the memory
// controller. Elsewhere it is RLIMIT_DATA, and the test says so; PAWL_TEST_REQUIRE=cgroup makes that a failure.
//
//	go test ./internal/crashtest -count=1 -cycles=200 -herd=50000 -payloads=1000
//
// The package must not use the engine's own opinion of what happened; it reads journals.
package crashtest
