package redis

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/rueidis"

	"github.com/pawl-dev/pawl/store"
)

// settings are what durability rests on, as the server says.
type settings struct {
	info   map[string]string // INFO
	config map[string]string // CONFIG GET; nil where it is forbidden
}

func readSettings(ctx context.Context, c rueidis.Client) (settings, error) {
	var s settings
	text, err := c.Do(ctx, c.B().Info().Build()).ToString()
	if err != nil {
		return s, classify(err)
	}
	s.info = parseInfo(text)
	s.config, err = c.Do(ctx, c.B().ConfigGet().Parameter("appendonly", "appendfsync", "no-appendfsync-on-rewrite",
		"maxmemory", "maxmemory-policy", "min-replicas-to-write").Build()).AsStrMap()
	if err != nil {
		if lost(err) || ctx.Err() != nil {
			return s, classify(err)
		}
		s.config = nil // managed servers forbid the command, or have renamed it
	}
	return s, nil
}

func parseInfo(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			out[name] = value
		}
	}
	return out
}

// get is a setting by CONFIG, else by INFO under its name there; "" where neither says.
func (s settings) get(config, info string) string {
	if v, ok := s.config[config]; ok {
		return v
	}
	return s.info[info]
}

// check refuses servers on which commits are not whole or not kept, and warns of what may be lost.
func (s settings) check() (store.Info, error) {
	i := store.Info{Driver: "redis", Version: s.info["redis_version"], Lanes: 1, Durable: true}
	if err := s.refuse(); err != nil {
		return i, err
	}
	warn := func(format string, args ...any) {
		i.Durable = false
		i.Warnings = append(i.Warnings, fmt.Sprintf(format, args...))
	}
	switch aof := s.get("appendonly", "aof_enabled"); aof {
	case "yes", "1":
		s.flushes(warn)
	case "no", "0":
		warn("appendonly is off: everything since the last snapshot of the server is lost whenever it stops; " +
			"set appendonly yes and appendfsync always")
	default:
		warn("the server does not say whether appendonly is on, so nothing is promised")
	}
	if n, _ := strconv.Atoi(s.info["connected_slaves"]); n > 0 && s.config != nil && s.config["min-replicas-to-write"] == "0" {
		i.Warnings = append(i.Warnings, fmt.Sprintf("%d replicas follow, and min-replicas-to-write is 0: a primary that was cut off "+
			"goes on to acknowledge what a promoted replica will not have; set min-replicas-to-write 1", n))
	}
	return i, nil
}

// flushes warns where the log is not flushed before a commit is answered.
func (s settings) flushes(warn func(string, ...any)) {
	switch fsync := s.config["appendfsync"]; {
	case s.config == nil:
		warn("the server forbids CONFIG, so appendfsync could not be read: with less than always, " +
			"a power failure takes the last commits back")
	case fsync == "everysec":
		warn("appendfsync everysec: a power failure takes back up to about two seconds of acknowledged commits; " +
			"set appendfsync always")
	case fsync != "always":
		warn("appendfsync %.20s: a power failure takes back whatever the system had not written; set appendfsync always", fsync)
	case s.config["no-appendfsync-on-rewrite"] == "yes":
		warn("no-appendfsync-on-rewrite: while the log is rewritten, commits are not flushed")
	}
}

// refuse says why this server cannot hold a store at all.
func (s settings) refuse() error {
	if mode := s.info["redis_mode"]; mode == "cluster" || s.info["cluster_enabled"] == "1" {
		return errCluster
	} else if mode == "sentinel" {
		return fmt.Errorf("this is a sentinel; name the primary that it watches")
	}
	if major, _, _ := strings.Cut(s.info["redis_version"], "."); len(major) == 1 && major < "7" {
		return fmt.Errorf("redis %s: version 7 or later is needed, whose scripts are refused as a whole when memory is short",
			s.info["redis_version"])
	}
	if role := s.info["role"]; role != "" && role != "master" {
		return fmt.Errorf("this is a replica (of %s:%s); name the primary", s.info["master_host"], s.info["master_port"])
	}
	limit, policy := s.get("maxmemory", "maxmemory"), s.get("maxmemory-policy", "maxmemory_policy")
	if limit != "" && limit != "0" && policy != "noeviction" {
		return fmt.Errorf("maxmemory-policy %s: the server would throw journals away when memory is short; "+
			"set maxmemory-policy noeviction", policy)
	}
	return nil
}
