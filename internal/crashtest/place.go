package crashtest

import (
	"strings"

	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/mysql"
	"github.com/pawl-dev/pawl/store/offload"
	"github.com/pawl-dev/pawl/store/postgres"
	"github.com/pawl-dev/pawl/store/redis"
	"github.com/pawl-dev/pawl/store/sqlite"
)

// Opener opens the store at a URL, or in the SQLite file of that name.
func Opener(where string) store.Opener { return offload.Open(bare(where), offload.Options{}) }

// OpenerApart is [Opener] for who keeps all apart that has more than some bytes.
func OpenerApart(where string) store.Opener {
	return offload.Open(bare(where), offload.Options{Above: 64, Piece: 50})
}

func bare(where string) store.Opener {
	scheme, _, isURL := strings.Cut(where, "://")
	switch {
	case !isURL:
		return sqlite.Open(where)
	case scheme == "redis":
		return redis.Open(where)
	case scheme == "mysql":
		return mysql.Open(where)
	}
	return postgres.Open(where)
}
