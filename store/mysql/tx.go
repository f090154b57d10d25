package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store/internal/judge"
)

// Sender appends messages in a transaction of the caller's.
type Sender struct {
	tx    *sql.Tx
	table string
}

// Tx sends within tx, which belongs to the caller: what is sent is delivered once tx is committed, and never if it is
// not. tx may be of any connection to the server that holds the store; database names the one with the store's tables,
// "" for the one that tx is in.
func Tx(tx *sql.Tx, database string) *Sender {
	s := &Sender{tx: tx, table: "inbox"}
	if database != "" {
		s.table = "`" + strings.ReplaceAll(database, "`", "``") + "`.inbox"
	}
	return s
}

// Send appends messages; one whose id waits already in its shard is skipped. An error may have ended tx (a deadlock does),
// so the caller rolls back.
func (s *Sender) Send(ctx context.Context, all []record.Message) error {
	limits := judge.Limits{Shards: shards, Body: maxBody, Text: maxText}
	for i := range all {
		m := &all[i]
		if why := limits.Message(m); why != "" {
			return fmt.Errorf("message %d: %s", i, why)
		}
		// The arguments are bytes whatever the session's character set is, and so are the columns.
		_, err := s.tx.ExecContext(ctx, "INSERT INTO "+s.table+" (shard, sender, seq, n, namespace, recipient, at, body)"+
			" VALUES (?, ?, ?, ?, ?, ?, ?, ?)"+sendTail,
			int64(m.Shard), m.ID.From[:], int64(m.ID.Seq), int64(m.ID.N), []byte(m.Namespace), m.To[:], m.At, append([]byte{}, m.Body...))
		if err != nil {
			return classify(err)
		}
	}
	return nil
}
