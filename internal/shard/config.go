package shard

// defaults of Config, in the order of its fields. Times are milliseconds.
const (
	defaultPartEntries   = 1000
	defaultPartBytes     = 4 << 20
	defaultRound         = 256
	defaultMaxExecutions = 200_000
	defaultMaxBytes      = 1 << 30
	defaultMaxPending    = 100_000
	defaultRestBytes     = 4 << 20
	defaultIdle          = 10_000
	defaultSnapshotEvery = 256
	defaultSnapshotMin   = 16
	defaultRetention     = 30 * 24 * 3600 * 1000
	defaultHistory       = 200_000
	defaultAged          = 10_000
	defaultLoads         = 256
	defaultLoadsOpen     = 512
	defaultWakes         = 20_000
	defaultWindow        = 60_000
	defaultInbox         = 256
	defaultInboxPoll     = 2000
	defaultAudit         = 1000
)

// bounds of one transition and of small lists; they are not worth a knob.
const (
	mergedInputs  = 1000      // inputs of one transition
	mergedBytes   = 512 << 10 // their payload
	forgetsInPart = 100
	forgetLater   = 100 // milliseconds until the next try where a key is busy
	scanLimit     = 1000
	journalPage   = 512
	firstPage     = 16       // entries may be large; what the first page shows decides how long the next is
	pageBytes     = 4 << 20  // of a page, about
	auditLongest  = 20_000   // entries; longer journals are not audited in the background
	auditLargest  = 16 << 20 // bytes likewise
	snapshotGrown = 4 << 20  // bytes of entries after which a snapshot is due although they are few
)

func (c Config) withDefaults() Config {
	set(&c.PartEntries, defaultPartEntries)
	set(&c.PartBytes, defaultPartBytes)
	set(&c.Round, defaultRound)
	set(&c.MaxExecutions, defaultMaxExecutions)
	set(&c.MaxBytes, defaultMaxBytes)
	set(&c.MaxPending, defaultMaxPending)
	set(&c.RestBytes, defaultRestBytes)
	set(&c.Idle, defaultIdle)
	set(&c.SnapshotEvery, defaultSnapshotEvery)
	set(&c.SnapshotMin, defaultSnapshotMin)
	set(&c.Retention, defaultRetention)
	set(&c.History, defaultHistory)
	set(&c.Aged, defaultAged)
	set(&c.Loads, defaultLoads)
	set(&c.LoadsOpen, defaultLoadsOpen)
	set(&c.Wakes, defaultWakes)
	set(&c.Window, defaultWindow)
	set(&c.Inbox, defaultInbox)
	set(&c.InboxPoll, defaultInboxPoll)
	set(&c.Audit, defaultAudit)
	set(&c.Shards, 1)
	return c
}

// set gives v its default where it is zero.
func set[T int | int64](v *T, def T) {
	if *v == 0 {
		*v = def
	}
}
