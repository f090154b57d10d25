package main

import (
	"context"
	"errors"
	"strings"

	"github.com/pawl-dev/pawl/store/postgres"
)

// storeRLSCmd groups the verbs on row-level security. None of them opens the store: the tables are enough.
type storeRLSCmd struct {
	Enable  storeRLSEnableCmd  `cmd:"" help:"Hide all rows from every database role but the owner of the tables, until it is granted namespaces; again: repair."`
	Disable storeRLSDisableCmd `cmd:"" help:"Take all grants back, and end it."`
	Status  storeRLSStatusCmd  `cmd:"" help:"Say whether it is on, and who was granted what. Exit code 1 where something is wrong."`
	Grant   storeRLSGrantCmd   `cmd:"" help:"Let a database role read the rows of namespaces."`
	Revoke  storeRLSRevokeCmd  `cmd:"" help:"Take namespaces from a database role, without a name all of them."`
}

// security does something to the row-level security of a store.
func (s *storeArg) security(ctx context.Context, do func(*postgres.RowSecurity) error) error {
	scheme, _, isURL := strings.Cut(s.Store, "://")
	if !isURL || scheme != "postgres" && scheme != "postgresql" {
		return usage("row-level security is for stores in PostgreSQL: --store postgres://...")
	}
	r, err := postgres.OpenRowSecurity(ctx, s.Store)
	if err != nil {
		return noStore(err)
	}
	defer r.Close()
	err = do(r)
	if refused, ok := errors.AsType[*postgres.Refusal](err); ok {
		return &exitError{code: exitConflict, text: refused.Error()}
	}
	return noStore(err)
}

type storeRLSEnableCmd struct{ storeArg }

// Run makes the policies.
func (c *storeRLSEnableCmd) Run(ctx context.Context, e *env) error {
	if err := c.security(ctx, func(r *postgres.RowSecurity) error { return r.Enable(ctx) }); err != nil {
		return err
	}
	e.say("Row-level security is on: roles see what pawl store rls grant gives them; the owner of the tables sees everything.")
	return nil
}

type storeRLSDisableCmd struct{ storeArg }

// Run takes everything back.
func (c *storeRLSDisableCmd) Run(ctx context.Context, e *env) error {
	if err := c.security(ctx, func(r *postgres.RowSecurity) error { return r.Disable(ctx) }); err != nil {
		return err
	}
	e.say("Row-level security is off, and whoever was granted namespaces has lost the rights on the tables.")
	return nil
}

type storeRLSGrantCmd struct {
	storeArg
	Role       string   `arg:"" help:"Role of the database."`
	Namespaces []string `arg:"" help:"Namespaces, which need not exist yet." name:"namespace"`
	Send       bool     `help:"Let it start executions in them, in transactions of its own, instead of reading."`
}

// Run gives a role namespaces.
func (c *storeRLSGrantCmd) Run(ctx context.Context, e *env) error {
	a, what := postgres.Read, "reads"
	if c.Send {
		a, what = postgres.Send, "sends to"
	}
	if err := c.security(ctx, func(r *postgres.RowSecurity) error { return r.Grant(ctx, c.Role, a, c.Namespaces...) }); err != nil {
		return err
	}
	e.say("The role %s %s %s.", c.Role, what, strings.Join(c.Namespaces, ", "))
	return nil
}

type storeRLSRevokeCmd struct {
	storeArg
	Role       string   `arg:"" help:"Role of the database."`
	Namespaces []string `arg:"" optional:"" help:"Namespaces; none: all." name:"namespace"`
}

// Run takes namespaces from a role.
func (c *storeRLSRevokeCmd) Run(ctx context.Context, e *env) error {
	if err := c.security(ctx, func(r *postgres.RowSecurity) error { return r.Revoke(ctx, c.Role, c.Namespaces...) }); err != nil {
		return err
	}
	what := "all namespaces"
	if len(c.Namespaces) > 0 {
		what = strings.Join(c.Namespaces, ", ")
	}
	e.say("The role %s has lost %s.", c.Role, what)
	return nil
}

type storeRLSStatusCmd struct {
	storeArg
	Output format `short:"o" help:"table, wide, json, jsonl, yaml or name." enum:"table,wide,json,jsonl,yaml,name" default:"table"`
}

// rlsGrant is a grant as programs read it.
type rlsGrant struct {
	Role    string   `json:"role"`
	Reads   []string `json:"reads"`
	Sends   []string `json:"sends"`
	Problem string   `json:"problem,omitempty"`
}

// Run lists the grants.
func (c *storeRLSStatusCmd) Run(ctx context.Context, e *env) error {
	var got postgres.RowSecurityStatus
	err := c.security(ctx, func(r *postgres.RowSecurity) (err error) {
		got, err = r.Status(ctx)
		return err
	})
	if err != nil {
		return err
	}
	l := &listing{columns: []column{{title: "ROLE"}, {title: "READS"}, {title: "SENDS TO"}, {title: "PROBLEM"}}}
	wrong := len(got.Open) > 0
	for _, g := range got.Grants {
		wrong = wrong || g.Problem != ""
		l.rows = append(l.rows, []string{g.Role, strings.Join(g.Reads, ", "), strings.Join(g.Sends, ", "), g.Problem})
		l.names = append(l.names, g.Role)
		l.values = append(l.values, rlsGrant{g.Role, append([]string{}, g.Reads...), append([]string{}, g.Sends...), g.Problem})
	}
	if err := e.print(c.Output, l); err != nil {
		return err
	}
	switch {
	case !got.On:
		e.say("Row-level security is off.")
	case got.Restricted:
		e.say("Row-level security is on, also for the role that asks, which is told of its own grants.")
	default:
		e.say("Row-level security is on.")
	}
	if len(got.Open) > 0 {
		e.say("Not secured: %s. pawl store rls enable repairs that.", strings.Join(got.Open, ", "))
	}
	if wrong {
		return quiet(exitFailed)
	}
	return nil
}
