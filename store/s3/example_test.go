package s3_test

import (
	"context"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/postgres"
	"github.com/pawl-dev/pawl/store/s3"
)

// A store in PostgreSQL with its large payloads in a bucket. The keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
func ExampleOpen() {
	ctx := context.Background()
	opener := store.WithBlobs(
		postgres.Open("postgres://db1/orders"),
		s3.Open("s3://payloads/orders?region=eu-central-1"),
	)
	eng, err := pawl.Open(ctx, opener, pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
}
