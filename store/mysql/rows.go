package mysql

import (
	"slices"
	"strconv"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store/internal/judge"
	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// rowsOf writes all rows behind guards, table by table. packet is the longest statement that can be sent.
func (m *message) rowsOf(r *sqlstore.Rows, packet int) {
	m.inserts(r.Inserts)
	m.clear(r.Updates)
	m.tags(r.Tags)
	m.updates(r.Updates)
	m.mustBe(r.Leads)
	m.entries(r.Entries, packet)
	m.mustBe(distinct(r.SnapshotsAt))
	m.snapshots(r.Snapshots, packet)
	m.trims(r.Trims)
	m.keys(r.Keys)
	m.sends(r.Sends, packet)
	m.takes(r.Takes)
	m.forgets(r.Forgets)
	m.expires(r.Expires)
	m.answers(r.Answers, packet)
	m.guard()
}

// headChanges are the columns of a head that may change.
const headChanges = "namespace,workflow,version,start_key,parent,status,outcome,error,waiting,fingerprint,started,ended,next_at,tagged"

const headInsert = "INSERT INTO executions (id,shard," + headChanges + ") VALUES "

// headUpdate replaces rows. The number of writes makes every update count as one, also where nothing else changes.
var headUpdate = "," + replaced(headChanges)

// inserts writes new heads; one that is there already is an error of the server.
func (m *message) inserts(all []*record.Head) {
	for i, h := range all {
		m.row(headInsert)
		m.head(h)
		if m.full() || i == len(all)-1 {
			m.many("")
		}
	}
}

// updates replaces heads. That each was there shows in what the server counts. One that loses its last tag, which
// happens to none of the engine's, makes null what cannot be, and is written with care.
func (m *message) updates(all []*record.Head) {
	writes := " ON DUPLICATE KEY UPDATE writes=IF(tagged>VALUES(tagged),NULL,writes+1)"
	if m.careful {
		writes = " ON DUPLICATE KEY UPDATE writes=writes+1"
	}
	for i, h := range all {
		m.row(headInsert)
		m.head(h)
		if m.full() || i == len(all)-1 {
			m.wrote(2 * m.many(writes+headUpdate))
		}
	}
}

// clear removes the tags of heads that are replaced: without care only of those that have some now.
func (m *message) clear(all []*record.Head) {
	var tagged []*record.Head
	for _, h := range all {
		if m.careful || len(h.Tags) > 0 {
			tagged = append(tagged, h)
		}
	}
	of := m.list("id")
	for some := range slices.Chunk(tagged, 1000) {
		m.sql("DELETE t FROM " + of.begin)
		for _, h := range some {
			m.item(of, len(some), func() { m.bytes(h.Execution[:]) })
		}
		m.many(of.end + " STRAIGHT_JOIN tags t FORCE INDEX (PRIMARY) ON t.execution=w.id")
	}
}

// list is how rows are written that a statement joins as w. Whatever locks what it reads joins them to an index: of a
// condition on few rows a server may think that looking at all of them is less work, whatever index is forced on it, and
// then waits for rows that others hold.
type list struct{ begin, row, end string }

func (m *message) list(columns string) list {
	if m.mariadb {
		return list{"(WITH v (" + columns + ") AS (VALUES ", "(", ") SELECT * FROM v) w"}
	}
	return list{"(VALUES ", "ROW(", ") w (" + columns + ")"}
}

// item writes one of n rows of a list. A single one is written twice: the server would make a condition of it, and then
// choose for itself how to look.
func (m *message) item(l list, n int, write func()) {
	for range 1 + 1/n {
		m.row("")
		m.sql(l.row)
		write()
		m.sql(")")
	}
}

func (m *message) head(h *record.Head) {
	m.sql("(")
	m.bytes(h.Execution[:])
	m.sql(",")
	m.number(int64(h.Execution.Slot()) % shards)
	for _, s := range []string{h.Namespace, h.Workflow, h.Version, h.Key} {
		m.sql(",")
		m.text(s)
	}
	m.sql(",")
	if h.Parent.IsZero() {
		m.sql("NULL")
	} else {
		m.bytes(h.Parent[:])
	}
	for _, s := range []string{h.Status, h.Outcome, h.Error, h.Waiting, h.Fingerprint} {
		m.sql(",")
		m.text(s)
	}
	m.sql(",")
	m.number(h.Started)
	m.sql(",")
	m.number(h.Ended)
	m.sql(",")
	if h.NextAt == record.Never {
		m.sql("NULL")
	} else {
		m.number(h.NextAt)
	}
	m.sql(",")
	m.number(int64(min(len(h.Tags), 1)))
	m.sql(")")
}

func (m *message) tags(all []sqlstore.Tag) {
	for i, t := range all {
		m.row("INSERT INTO tags (execution,name,namespace,text_value,num_value) VALUES ")
		m.sql("(")
		m.bytes(t.Head.Execution[:])
		m.sql(",")
		m.text(t.Name)
		m.sql(",")
		m.text(t.Head.Namespace)
		m.sql(",")
		if t.IsNum {
			m.sql("NULL,")
			m.buf = strconv.AppendFloat(m.buf, t.Num, 'e', -1, 64)
		} else {
			m.text(t.Text)
			m.sql(",NULL")
		}
		m.sql(")")
		if m.full() || i == len(all)-1 {
			m.many("")
		}
	}
}

// mustBe guards that entries are there, and what the statement before is to have changed.
func (m *message) mustBe(all []sqlstore.At) {
	for i := range all {
		head := ""
		if m.rows == 0 {
			head = "SELECT IF(" + m.pending() + "(SELECT COUNT(*) FROM journal FORCE INDEX (PRIMARY) WHERE (execution,seq) IN ("
		}
		m.row(head)
		m.sql("(")
		m.bytes(all[i].Execution[:])
		m.sql(",")
		m.number(int64(all[i].Seq))
		m.sql(")")
		if m.full() || i == len(all)-1 {
			m.many("))=" + strconv.Itoa(m.rows) + ",1," + raise + ")")
		}
	}
}

// distinct leaves out repeats.
func distinct(all []sqlstore.At) []sqlstore.At {
	if len(all) < 2 {
		return all
	}
	seen := map[sqlstore.At]bool{}
	var out []sqlstore.At
	for _, a := range all {
		if !seen[a] {
			seen[a] = true
			out = append(out, a)
		}
	}
	return out
}

func (m *message) entries(all []*record.Entry, packet int) {
	for i, e := range all {
		whole := literal(e.Body) <= packet/2
		m.row("INSERT INTO journal (execution,seq,at,sum,body) VALUES ")
		m.sql("(")
		m.bytes(e.Execution[:])
		m.sql(",")
		m.number(int64(e.Seq))
		m.sql(",")
		m.number(e.At)
		m.sql(",")
		m.number(int64(e.Sum))
		m.sql(",")
		m.body(e.Body, whole)
		m.sql(")")
		if m.full() || !whole || i == len(all)-1 {
			m.many("")
		}
		if !whole {
			m.rest("journal", e.Body, packet, func() {
				m.sql("execution=")
				m.bytes(e.Execution[:])
				m.sql(" AND seq=")
				m.number(int64(e.Seq))
			})
		}
	}
}

// body writes a body that fits into one message, or nothing yet of one that does not.
func (m *message) body(b []byte, whole bool) {
	if whole {
		m.bytes(b)
	} else {
		m.sql("''")
	}
}

// rest appends to an empty body in pieces that fit into messages.
func (m *message) rest(table string, b []byte, packet int, which func()) {
	for _, p := range pieces(b, packet/4) {
		m.sql("UPDATE " + table + " SET body=CONCAT(body,")
		m.bytes(p)
		m.sql(") WHERE ")
		which()
		m.end()
	}
}

func (m *message) snapshots(all []*record.Snapshot, packet int) {
	for i, n := range all {
		whole := literal(n.Body) <= packet/2
		m.row("INSERT INTO snapshots (execution,seq,sum,body) VALUES ")
		m.sql("(")
		m.bytes(n.Execution[:])
		m.sql(",")
		m.number(int64(n.Seq))
		m.sql(",")
		m.number(int64(n.Sum))
		m.sql(",")
		m.body(n.Body, whole)
		m.sql(")")
		if m.full() || !whole || i == len(all)-1 {
			m.many(" ON DUPLICATE KEY UPDATE seq=VALUES(seq),sum=VALUES(sum),body=VALUES(body)")
		}
		if !whole {
			m.rest("snapshots", n.Body, packet, func() {
				m.sql("execution=")
				m.bytes(n.Execution[:])
			})
		}
	}
}

// trims removes entries, and snapshots at one of them. Of each an entry that is kept must be there.
func (m *message) trims(all []record.Trim) {
	for i := range all {
		m.sql("SELECT IF(EXISTS(SELECT 1 FROM journal WHERE execution=")
		m.bytes(all[i].Execution[:])
		m.sql(" AND seq>=")
		m.number(int64(all[i].Before))
		m.sql("),1," + raise + ")")
		m.end()
	}
	of := m.list("id,kept")
	for some := range slices.Chunk(all, 1000) {
		for _, table := range []string{"journal", "snapshots"} {
			m.sql("DELETE t FROM " + of.begin)
			for i := range some {
				m.item(of, len(some), func() {
					m.bytes(some[i].Execution[:])
					m.sql(",")
					m.number(int64(some[i].Before))
				})
			}
			m.many(of.end + " STRAIGHT_JOIN " + table + " t FORCE INDEX (PRIMARY) ON t.execution=w.id AND t.seq<w.kept")
		}
	}
}

const keyInsert = "INSERT INTO start_keys (namespace,workflow,start_key,execution,digest,closed_at,previous) VALUES "

// keyUpdate compares and sets: where the key points elsewhere, it sets null what cannot be.
var keyUpdate = " ON DUPLICATE KEY UPDATE writes=IF(execution=VALUES(previous),writes+1,NULL)," + replaced("execution,digest,closed_at")

// keys compares and sets. A new key that is there already is an error of the server.
func (m *message) keys(all []record.KeyChange) {
	var adds, moves, deletes, absent []*record.KeyChange
	for i := range all {
		switch k := &all[i]; {
		case k.Old.IsZero() && k.Delete:
			absent = append(absent, k)
		case k.Old.IsZero():
			adds = append(adds, k)
		case k.Delete:
			deletes = append(deletes, k)
		default:
			moves = append(moves, k)
		}
	}
	for i, k := range adds {
		m.keyRow(k)
		if m.full() || i == len(adds)-1 {
			m.many("")
		}
	}
	for i, k := range moves {
		m.keyRow(k)
		if m.full() || i == len(moves)-1 {
			m.wrote(2 * m.many(keyUpdate))
		}
	}
	for _, k := range deletes {
		m.sql("DELETE k FROM start_keys k WHERE ") // one row by its whole key: nothing else is looked at
		m.key(&k.Key)
		m.sql(" AND k.execution=")
		m.bytes(k.Old[:])
		m.end()
		m.wrote(1)
	}
	for _, k := range absent {
		m.sql("SELECT IF(EXISTS(SELECT 1 FROM start_keys k WHERE ")
		m.key(&k.Key)
		m.sql(")," + raise + ",1)")
		m.end()
	}
}

func (m *message) keyRow(k *record.KeyChange) {
	m.row(keyInsert)
	m.sql("(")
	m.text(k.Namespace)
	m.sql(",")
	m.text(k.Workflow)
	m.sql(",")
	m.text(k.Key.Key)
	m.sql(",")
	m.bytes(k.Execution[:])
	m.sql(",")
	m.number(int64(k.Digest))
	m.sql(",")
	m.number(k.ClosedAt)
	m.sql(",")
	m.bytes(k.Old[:])
	m.sql(")")
}

func (m *message) key(k *record.Key) {
	m.sql("k.namespace=")
	m.text(k.Namespace)
	m.sql(" AND k.workflow=")
	m.text(k.Workflow)
	m.sql(" AND k.start_key=")
	m.text(k.Key)
}

// sends appends messages; those whose id waits already stay as they are.
func (m *message) sends(all []*record.Message, packet int) {
	for i, s := range all {
		whole := literal(s.Body) <= packet/2
		if !whole && m.rows > 0 {
			m.many(sendTail) // what is counted below is this message alone
		}
		m.row("INSERT INTO inbox (shard,sender,seq,n,namespace,recipient,at,body) VALUES ")
		m.sql("(")
		m.messageID(s.Shard, &s.ID)
		m.sql(",")
		m.text(s.Namespace)
		m.sql(",")
		m.bytes(s.To[:])
		m.sql(",")
		m.number(s.At)
		m.sql(",")
		m.body(s.Body, whole)
		m.sql(")")
		if m.full() || !whole || i == len(all)-1 {
			m.many(sendTail)
		}
		if !whole {
			m.sql("SET @pawl_new=ROW_COUNT()")
			m.end()
			m.rest("inbox", s.Body, packet, func() {
				m.sql("@pawl_new=1 AND shard=")
				m.number(int64(s.Shard))
				m.sql(" AND sender=")
				m.bytes(s.ID.From[:])
				m.sql(" AND seq=")
				m.number(int64(s.ID.Seq))
				m.sql(" AND n=")
				m.number(int64(s.ID.N))
			})
		}
	}
}

const sendTail = " ON DUPLICATE KEY UPDATE shard=VALUES(shard)"

func (m *message) messageID(s record.Shard, id *record.MessageID) {
	m.number(int64(s))
	m.sql(",")
	m.bytes(id.From[:])
	m.sql(",")
	m.number(int64(id.Seq))
	m.sql(",")
	m.number(int64(id.N))
}

// takes removes messages, each of which must be there.
func (m *message) takes(all []judge.Letter) {
	mail := m.list("shard,sender,seq,n")
	for i := range all {
		m.row("DELETE i FROM " + mail.begin)
		m.sql(mail.row)
		m.messageID(all[i].Shard, &all[i].ID)
		m.sql(")")
		if m.full() || i == len(all)-1 {
			m.wrote(m.many(mail.end + " STRAIGHT_JOIN inbox i FORCE INDEX (inbox_id)" +
				" ON i.shard=w.shard AND i.sender=w.sender AND i.seq=w.seq AND i.n=w.n"))
		}
	}
}

// forgets removes ended executions with everything of theirs; their keys only where these still point to them.
func (m *message) forgets(all []record.ID) {
	for some := range slices.Chunk(all, 1000) {
		m.sql("SELECT IF(EXISTS(SELECT 1 FROM executions FORCE INDEX (PRIMARY) WHERE ended=0 AND id IN (")
		for i := range some {
			m.row("")
			m.bytes(some[i][:])
		}
		m.many("))," + raise + ",1)")
		of := m.list("id")
		from := func(what, joins string) {
			m.sql("DELETE " + what + " FROM " + of.begin)
			for i := range some {
				m.item(of, len(some), func() { m.bytes(some[i][:]) })
			}
			m.many(of.end + " STRAIGHT_JOIN " + joins)
		}
		from("k", "executions e FORCE INDEX (PRIMARY) ON e.id=w.id STRAIGHT_JOIN start_keys k FORCE INDEX (PRIMARY)"+
			" ON k.namespace=e.namespace AND k.workflow=e.workflow AND k.start_key=e.start_key AND k.execution=e.id")
		for _, table := range []string{"journal", "snapshots", "tags", "blobs"} {
			from("t", table+" t FORCE INDEX (PRIMARY) ON t.execution=w.id")
		}
		from("e", "executions e FORCE INDEX (PRIMARY) ON e.id=w.id")
	}
}

// expires removes old answers.
func (m *message) expires(all []sqlstore.Expiry) {
	for _, x := range all {
		of := m.list("shard,at")
		m.sql("DELETE a FROM " + of.begin)
		m.item(of, 1, func() {
			m.number(int64(x.Shard))
			m.sql(",")
			m.number(x.Before)
		})
		m.many(of.end + " STRAIGHT_JOIN answers a FORCE INDEX (answers_old) ON a.shard=w.shard AND a.at<w.at")
	}
}

// answers replaces answers to the same messages.
func (m *message) answers(all []sqlstore.Answer, packet int) {
	for i, a := range all {
		whole := literal(a.Body) <= packet/2
		m.row("INSERT INTO answers (sender,shard,at,body) VALUES ")
		m.sql("(")
		m.bytes(a.To[:])
		m.sql(",")
		m.number(int64(a.Shard))
		m.sql(",")
		m.number(a.At)
		m.sql(",")
		m.body(a.Body, whole)
		m.sql(")")
		if m.full() || !whole || i == len(all)-1 {
			m.many(" ON DUPLICATE KEY UPDATE shard=VALUES(shard),at=VALUES(at),body=VALUES(body)")
		}
		if !whole {
			m.rest("answers", a.Body, packet, func() {
				m.sql("sender=")
				m.bytes(a.To[:])
			})
		}
	}
}
