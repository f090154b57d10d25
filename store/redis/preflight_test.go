package redis_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/redis"
)

// TestR17_F33_Preflight starts servers with settings that keep the promise, weaken it, or break it.
func TestR17_F33_Preflight(t *testing.T) {
	for name, c := range map[string]struct {
		args    []string
		durable bool
		warning string // part of the one line
		refused string
	}{
		"always":                     {nil, true, "", ""},
		"everysec":                   {[]string{"--appendfsync", "everysec"}, false, "about two seconds", ""},
		"no flush":                   {[]string{"--appendfsync", "no"}, false, "appendfsync no", ""},
		"no log":                     {[]string{"--appendonly", "no"}, false, "appendonly is off", ""},
		"rewrites unflushed":         {[]string{"--no-appendfsync-on-rewrite", "yes"}, false, "no-appendfsync-on-rewrite", ""},
		"CONFIG forbidden":           {[]string{"--rename-command", "CONFIG", ""}, false, "could not be read", ""},
		"CONFIG forbidden, no log":   {[]string{"--rename-command", "CONFIG", "", "--appendonly", "no"}, false, "appendonly is off", ""},
		"noeviction":                 {[]string{"--maxmemory", "100mb", "--maxmemory-policy", "noeviction"}, true, "", ""},
		"policy without limit":       {[]string{"--maxmemory", "0", "--maxmemory-policy", "allkeys-lru"}, true, "", ""},
		"eviction":                   {[]string{"--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"}, false, "", "noeviction"},
		"eviction, CONFIG forbidden": {[]string{"--maxmemory", "100mb", "--maxmemory-policy", "volatile-ttl", "--rename-command", "CONFIG", ""}, false, "", "noeviction"},
		"cluster":                    {[]string{"--cluster-enabled", "yes"}, false, "", "Redis Cluster"},
		"replica":                    {[]string{"--replicaof", "127.0.0.1 1"}, false, "", "name the primary"},
	} {
		t.Run(name, func(t *testing.T) {
			r := servertest.StartRedis(t, c.args...)
			b, err := redis.Open(r.URL()).Open(t.Context())
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Fatalf("want refused for %q, got %v", c.refused, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			i := b.Info()
			if i.Durable != c.durable || len(i.Warnings) != min(1, len(c.warning)) || !strings.Contains(strings.Join(i.Warnings, ""), c.warning) {
				t.Fatalf("durable %v, warnings %q", i.Durable, i.Warnings)
			}
			if !strings.HasPrefix(i.Version, "7.") || i.Driver != "redis" {
				t.Fatalf("%+v", i)
			}
		})
	}
}

func TestR17_ReplicasWithoutAMinimumAreWarnedOf(t *testing.T) {
	primary, replica := servertest.StartRedis(t, "--repl-diskless-sync-delay", "0"), servertest.StartRedis(t)
	host, port, _ := strings.Cut(primary.Addr, ":")
	replica.Do("REPLICAOF", host, port)
	primary.Until("INFO replication", func(s string) bool { return strings.Contains(s, "connected_slaves:1") })
	for minimum, warnings := range map[string]int{"0": 1, "1": 0} {
		primary.Do("CONFIG", "SET", "min-replicas-to-write", minimum)
		replica.Until("INFO replication", func(s string) bool { return strings.Contains(s, "master_link_status:up") })
		if minimum == "1" { // who is connected need not have answered yet
			primary.Until("INFO replication", func(s string) bool { return strings.Contains(s, "min_slaves_good_slaves:1") })
		}
		b := open(t, primary.URL())
		if i := b.Info(); len(i.Warnings) != warnings || !i.Durable {
			t.Errorf("min-replicas-to-write %s: %q, durable %v", minimum, i.Warnings, i.Durable)
		}
		b.Close()
	}
}

func TestPasswordsAreInNoError(t *testing.T) {
	r := servertest.StartRedis(t)
	r.Do("ACL", "SETUSER", "pawl", "on", ">s3cret-word", "~pawl:*", "+@all", "-@dangerous", "+info", "+config|get")
	at := func(user string) string { return "redis://" + user + "@" + r.Addr }
	b := open(t, at("pawl:s3cret-word"))
	u := drivertest.NewKeeper(t, b, 1)
	u.Grow(t, 1, 50, drivertest.Kept(1))
	b.Close()
	if !b.Info().Durable {
		t.Fatalf("%q", b.Info().Warnings)
	}
	for _, bad := range []string{
		at("pawl:s3cret-other"), at("eve:s3cret-word"), at("pawl:s3cret-word") + "/nine", "redis://pawl:s3cret-word@127.0.0.1:1",
		"redis://pawl:s3cret-word@host:s3cret-port", "redis://pawl:s3cret%zz@host", at("pawl:s3cret-word") + "?speed=9",
		at("pawl:s3cret-word") + "?addr=elsewhere:1", at("pawl:s3cret-word") + "?prefix=other:",
	} {
		b, err := redis.Open(bad).Open(t.Context())
		if err == nil {
			b.Close()
			t.Errorf("%s was opened", bad)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the error tells: %v", err)
		}
	}
}

func TestURLs(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	r := servertest.StartRedis(t, "--unixsocket", socket)
	for _, at := range []string{"unix://" + socket + "?db=5", r.URL() + "/", r.URL() + "/3", r.URL() + "?db=2", r.URL() + "/0?prefix=a%3A", r.URL() + "?client_name=me&dial_timeout=2s"} {
		b := open(t, at)
		u := drivertest.NewKeeper(t, b, 1) // each is a store of its own, or a lane would be taken
		u.Grow(t, 1, 10, drivertest.Kept(1))
		b.Close()
	}
	if got := r.Do("EXISTS", "a:meta"); got != "1" {
		t.Fatalf("the prefix of the URL is not used: %s", got)
	}
	b := open(t, r.URL()+"?prefix=a:", redis.Prefix("b:"))
	b.Close()
	if got := r.Do("EXISTS", "b:meta"); got != "1" {
		t.Fatalf("the option is not used: %s", got)
	}
	for _, bad := range []string{"", "127.0.0.1:6379", "http://127.0.0.1:1", "redis://127.0.0.1:1/a/b"} {
		if _, err := redis.Open(bad).Open(t.Context()); err == nil {
			t.Errorf("%q was opened", bad)
		}
	}
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	servertest.StartRedis(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert, "--tls-auth-clients", "no")
	at := "rediss://127.0.0.1:" + port
	if _, err := redis.Open(at).Open(t.Context()); err == nil {
		t.Fatal("a certificate that nobody signed was taken")
	}
	b := open(t, at+"?skip_verify=true")
	defer b.Close()
	drivertest.NewKeeper(t, b, 1).Grow(t, 1, 10, drivertest.Kept(1))
}

// certificate writes one that signs itself.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	bits, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, b := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "EC PRIVATE KEY", Bytes: bits}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestF36_ANewerLayoutIsRefused(t *testing.T) {
	r := servertest.StartRedis(t)
	open(t, r.URL()).Close()
	r.Do("HSET", "pawl:meta", "layout", "99")
	if _, err := redis.Open(r.URL(), redis.Restored()).Open(t.Context()); !errors.Is(err, store.ErrNewer) {
		t.Fatalf("got %v", err)
	}
	r.Do("HDEL", "pawl:meta", "incarnation")
	if _, err := redis.Open(r.URL()).Open(t.Context()); !errors.Is(err, store.ErrCorrupt) {
		t.Fatalf("half a store was taken for none: %v", err)
	}
}

// TestOldLanesAreForgotten: those of processes that own nothing and have been silent for a day, once there are many.
func TestOldLanesAreForgotten(t *testing.T) {
	r := servertest.StartRedis(t)
	b := open(t, r.URL())
	u := drivertest.NewKeeper(t, b, 1)
	u.Grow(t, 1, 10, drivertest.Kept(1))
	r.Do("EVAL", `for i = 1, 1100 do
		redis.call('HSET', 'pawl:lanes', string.format('%024d', i), '0123456789abcdef')
		redis.call('ZADD', 'pawl:opened', 5, string.format('%024d', i))
	end
	redis.call('ZADD', 'pawl:opened', 5, ARGV[1])`, "0", lane(u))
	b.Close()
	b = open(t, r.URL())
	defer b.Close()
	if got := r.Do("HLEN", "pawl:lanes"); got != "1001" { // its own is the oldest, but it owns shards
		t.Fatalf("%s lanes", got)
	}
	u.Backend = b
	u.Grow(t, 2, 10, drivertest.Kept(1))
}
