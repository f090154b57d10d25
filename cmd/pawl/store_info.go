package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/transfer"
)

type storeInfoCmd struct {
	storeArg
	Watch  time.Duration `help:"How long to watch who is alive; members beat every two seconds." default:"2500ms"`
	Output format        `short:"o" help:"table, wide, json, jsonl, yaml or name." enum:"table,wide,json,jsonl,yaml,name" default:"table"`
}

// storeInfo is what a store says of itself, and what can be seen of who uses it.
type storeInfo struct {
	Driver      string           `json:"driver"`
	Version     string           `json:"version"`
	Schema      int              `json:"schema"`
	Incarnation string           `json:"incarnation"`
	Shards      int              `json:"shards"`
	Lanes       int              `json:"lanes"`
	Durable     bool             `json:"durable"`
	Warnings    []string         `json:"warnings,omitempty"`
	Free        int              `json:"free_shards"`
	Members     []memberInfo     `json:"members"`
	Namespaces  []namespaceCount `json:"namespaces"`
}

type memberInfo struct {
	Owner  string         `json:"owner"`
	Addr   string         `json:"address,omitempty"`
	Alive  bool           `json:"alive"`
	Shards []record.Shard `json:"shards"`
}

type namespaceCount struct {
	Namespace string           `json:"namespace"`
	Total     int64            `json:"total"`
	ByStatus  map[string]int64 `json:"by_status"`
}

// Run says what a store is.
func (c *storeInfoCmd) Run(ctx context.Context, e *env) error {
	b, err := c.bare(ctx, inspecting)
	if err != nil {
		return err
	}
	defer b.Close()
	info, err := c.look(ctx, b)
	if err != nil {
		return noStore(err)
	}
	return e.print(c.Output, listingOfInfo(info))
}

func (c *storeInfoCmd) look(ctx context.Context, b store.Backend) (*storeInfo, error) {
	i := b.Info()
	out := &storeInfo{
		Driver: i.Driver, Version: i.Version, Schema: i.Schema, Incarnation: hex.EncodeToString(i.Incarnation[:]),
		Shards: i.Shards, Lanes: i.Lanes, Durable: i.Durable, Warnings: i.Warnings, Free: i.Shards, Members: []memberInfo{}, Namespaces: []namespaceCount{},
	}
	members, err := transfer.Members(ctx, b, c.Watch)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		out.Free -= len(m.Shards)
		out.Members = append(out.Members, memberInfo{hex.EncodeToString(m.Owner[:]), m.Addr, m.Alive, m.Shards})
	}
	spaces, err := b.Namespaces(ctx)
	if err != nil {
		return nil, err
	}
	for _, ns := range spaces {
		counts, err := b.Count(ctx, ns, store.Filter{}, store.Facet{By: store.ByStatus})
		if err != nil {
			return nil, err
		}
		n := namespaceCount{Namespace: ns, Total: counts.Total, ByStatus: map[string]int64{}}
		for _, bucket := range counts.Buckets {
			n.ByStatus[bucket.Value.Text] = bucket.Count
		}
		out.Namespaces = append(out.Namespaces, n)
	}
	return out, nil
}

func listingOfInfo(i *storeInfo) *listing {
	l := &listing{single: true, columns: []column{{title: "WHAT"}, {title: "VALUE"}}, values: []any{i}, names: []string{i.Incarnation}}
	line := func(what, format string, args ...any) {
		l.rows = append(l.rows, []string{what, fmt.Sprintf(format, args...)})
	}
	line("driver", "%s %s", i.Driver, i.Version)
	line("tables", "version %d", i.Schema)
	line("incarnation", "%s", i.Incarnation)
	line("shards", "%d, %d of them free; %d lanes", i.Shards, i.Free, i.Lanes)
	durable := "yes: what is acknowledged survives a crash"
	if !i.Durable {
		durable = "NO: what is acknowledged may be lost"
	}
	line("durable", "%s", durable)
	for _, w := range i.Warnings {
		line("warning", "%s", w)
	}
	for _, m := range i.Members {
		state := "silent"
		if m.Alive {
			state = "alive"
		}
		line("member", "%.8s %s %s, owns %s", m.Owner, m.Addr, state, shardsText(m.Shards))
	}
	for _, n := range i.Namespaces {
		var parts []string
		for _, s := range sortedKeys(n.ByStatus) {
			parts = append(parts, fmt.Sprintf("%d %s", n.ByStatus[s], s))
		}
		line("namespace", "%s: %d executions (%s)", n.Namespace, n.Total, strings.Join(parts, ", "))
	}
	return l
}

// shardsText writes runs of numbers as 0-7.
func shardsText(list []record.Shard) string {
	var parts []string
	for i := 0; i < len(list); {
		k := i
		for k+1 < len(list) && list[k+1] == list[k]+1 {
			k++
		}
		part := strconv.Itoa(int(list[i]))
		if k > i {
			part += "-" + strconv.Itoa(int(list[k]))
		}
		parts, i = append(parts, part), k+1
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}
