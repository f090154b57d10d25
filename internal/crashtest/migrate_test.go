//go:build linux

package crashtest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/fault"
	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store/transfer"
)

// soon bounds what must not take long on a busy machine.
const soon = 30 * time.Second

// moment is where a migration dies in a statement.
type moment struct{ point, when string }

// Before it sends anything more; when the next message has just gone to the server; and when the server has answered
// that message, and nobody heard it.
const (
	still    = "still"
	underWay = "under_way"
	unheard  = "unheard"
)

// moments are those of one statement. What is behind the notes is the next statement, a commit, or a lock let go.
var moments = []moment{
	{fault.MigrateBegin, still}, {fault.MigrateBegin, underWay}, {fault.MigrateBegin, unheard}, {fault.MigrateWritten, still},
	{fault.MigrateWritten, unheard}, {fault.MigrateNoted, still}, {fault.MigrateNoted, unheard},
}

// momentsOf are those that are tried in the n-th statement: all in a file, which is quick; on a server all of the statement
// itself and one of its notes, in turn, and one in all in a short test.
func momentsOf(name string, n int) (some []moment) {
	switch {
	case name == "sqlite":
		return slices.DeleteFunc(slices.Clone(moments), func(m moment) bool { return m.when != still })
	case testing.Short():
		return []moment{moments[n%len(moments)]}
	}
	return append(slices.Clone(moments[:4]), moments[4+n%3])
}

// migrating are the stores that have statements to die in.
var migrating = []string{"sqlite", "postgres", "mysql"}

// TestF36_KilledInEveryStatement kills a process at each statement of the migration of a new store, before and after it
// was sent, answered and noted. A second process must make of what is left what an undisturbed one makes.
func TestF36_KilledInEveryStatement(t *testing.T) {
	t.Parallel()
	for _, name := range migrating {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := places[name](t)
			migrates(t, whole)
			want := catalogs[name](t, whole)
			place := places[name]
			if name == "postgres" { // to drop a database costs it a checkpoint, and to drop a schema little
				one := places[name](t)
				place = func(t *testing.T) string {
					if _, err := postgresAt(t, one).Exec(t.Context(), "DROP SCHEMA IF EXISTS pawl CASCADE"); err != nil {
						t.Fatal(err)
					}
					return one
				}
			}
			kills := 0
			for n, reached := 1, true; reached; n++ {
				reached = false
				for _, m := range momentsOf(name, n) {
					t.Run(fmt.Sprintf("%d_%s_%s", n, m.point, m.when), func(t *testing.T) {
						where := place(t)
						if !dies(t, where, n, m) {
							return
						}
						reached = true
						kills++
						migrates(t, where)
						if got := catalogs[name](t, where); got != want {
							t.Errorf("an undisturbed migration makes\n%s\nand this one\n%s", want, got)
						}
						sound(t, where)
					})
				}
			}
			if t.Logf("%d processes killed", kills); kills < 12 {
				t.Error("too few")
			}
		})
	}
}

// dies lets a process migrate and kills it at a moment of its n-th statement. It reports whether there was one.
func dies(t *testing.T, where string, n int, m moment) bool {
	t.Helper()
	through, proxy := proxied(t, where)
	p := spawn(t, []string{fmt.Sprintf("PAWL_FAULT=%s:%d:stop", m.point, n)}, "-mode", "migrate", "-db", through)
	if !stops(t, p) {
		return false
	}
	switch m.when {
	case underWay:
		arrived := proxy.Set(servertest.Hold, servertest.Pass)
		p.send(syscall.SIGCONT)
		await(t, arrived)
		proxy.Set(servertest.Pass, servertest.Hold)
	case unheard:
		answered := proxy.Set(servertest.Pass, servertest.Hold)
		p.send(syscall.SIGCONT)
		await(t, answered)
	}
	p.kill()
	if err := p.ends(soon); !killed(err) {
		t.Fatalf("the process was to be killed and ended with %v", err)
	}
	return true
}

// proxied is the URL of a server through a proxy; a file stays as it is.
func proxied(t *testing.T, where string) (string, *servertest.Proxy) {
	t.Helper()
	u, err := url.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	if u.Host == "" {
		return where, nil
	}
	p := servertest.NewProxy(t, u.Host)
	u.Host = p.Addr().String()
	return u.String(), p
}

// stops waits until a process stops at its point, or has passed it by and ended well.
func stops(t *testing.T, p *process) (stopped bool) {
	t.Helper()
	until(t, "the victim stops or ends", func() bool {
		select {
		case <-p.done:
			return true
		default:
			stopped = stateOf(p.cmd.Process.Pid) == "T"
			return stopped
		}
	})
	if !stopped && p.err != nil {
		t.Fatalf("the victim ended with %v\n%s", p.err, p.stderr.String())
	}
	return stopped
}

func await(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(soon):
		t.Fatal("nothing comes to the proxy")
	}
}

// migrates lets a process open the store, undisturbed, and wants it to end well in bounded time.
func migrates(t *testing.T, where string) {
	t.Helper()
	p := spawn(t, nil, "-mode", "migrate", "-db", where)
	if err := p.ends(soon); err != nil {
		t.Fatalf("the store does not open: %v\n%s", err, p.stderr.String())
	}
}

// sound is what pawl store check asks.
func sound(t *testing.T, where string) {
	t.Helper()
	b, err := Opener(where).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if did := b.Info().Migrated; len(did) > 0 {
		t.Errorf("something was left to be done: %s", strings.Join(did, ", "))
	}
	if got, err := transfer.Check(t.Context(), b, nil); err != nil || got.Problems > 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestF36_KilledWhileAnotherMigrates: of two processes that migrate at once one holds the lock and is killed in the middle
// of a statement. The other goes on.
func TestF36_KilledWhileAnotherMigrates(t *testing.T) {
	t.Parallel()
	for _, name := range migrating[1:] {
		t.Run(name, func(t *testing.T) {
			twoAtOnce(t, name, func(first *process) { first.kill() })
		})
	}
	t.Run("sqlite", func(t *testing.T) { // nobody waits there: who comes second is told
		where := places["sqlite"](t)
		first := spawn(t, []string{"PAWL_FAULT=" + fault.MigrateWritten + ":12:stop"}, "-mode", "migrate", "-db", where)
		if !stops(t, first) {
			t.Fatal("there is no such statement")
		}
		second := spawn(t, nil, "-mode", "migrate", "-db", where)
		if err := second.ends(soon); err == nil || !strings.Contains(second.stderr.String(), fmt.Sprint("pid ", first.cmd.Process.Pid)) {
			t.Fatalf("%v: %s", err, second.stderr.String())
		}
		first.kill()
		first.ends(soon)
		migrates(t, where)
		sound(t, where)
	})
}

// TestF36_F2_StoppedWhileAnotherMigrates: the one that holds the lock is stopped and stays so, as does one whose machine has
// gone without a word. The server ends its session, and the other goes on; who was stopped then goes on, too, and is told.
func TestF36_F2_StoppedWhileAnotherMigrates(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for what a server waits for")
	}
	for _, name := range migrating[1:] {
		t.Run(name, func(t *testing.T) {
			twoAtOnce(t, name, func(*process) {})
		})
	}
}

// twoAtOnce stops a process that migrates, lets a second one wait for it, does something to the first, and wants the
// second to go on. On a busy machine the second may come when the server has ended the session of the first already.
func twoAtOnce(t *testing.T, name string, then func(first *process)) {
	whole := places[name](t)
	migrates(t, whole)
	for range 5 {
		where := places[name](t)
		first := spawn(t, []string{"PAWL_FAULT=" + fault.MigrateWritten + ":12:stop"}, "-mode", "migrate", "-db", where)
		if !stops(t, first) {
			t.Fatal("there is no such statement")
		}
		second := spawn(t, nil, "-mode", "migrate", "-db", where)
		waited := waits(t, second, lockWaiters[name](t, where))
		if waited {
			then(first)
		}
		began := time.Now()
		if err := second.ends(soon); err != nil {
			t.Fatalf("the second: %v\n%s", err, second.stderr.String())
		}
		t.Logf("it waited: %t, and was ready %s later", waited, time.Since(began).Round(time.Millisecond))
		if got, want := catalogs[name](t, where), catalogs[name](t, whole); got != want {
			t.Errorf("an undisturbed migration makes\n%s\nand this one\n%s", want, got)
		}
		sound(t, where)
		if waited {
			return
		}
		first.kill()
	}
	t.Fatal("the second was never seen to wait for the first")
}

// waits reports whether a process waits before it ends.
func waits(t *testing.T, p *process, waiting func() bool) (waited bool) {
	t.Helper()
	until(t, "a process waits or ends", func() bool {
		if waited = waiting(); waited {
			return true
		}
		select {
		case <-p.done:
			return true
		default:
			return false
		}
	})
	return waited
}
