package pawl_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// A deploy turns the triggers of a definition into schedules. They can be listed, looked ahead, paused, run now and
// filled in for the past; each nominal time gets one verdict.
func Example_schedule() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)

	ran := make(chan string)
	err = pawl.Register(eng, "report", func(_ context.Context, how string) (any, error) {
		ran <- how
		return nil, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = eng.Deploy(ctx, pawl.Text("report.yaml", []byte(`
workflow: report
triggers: [{name: nightly, cron: "0 5 * * *", zone: Europe/Berlin, input: "${ trigger.how }"}]
nodes:
  report: {call: report, args: "${ input }"}
`)))
	if err != nil {
		log.Fatal(err)
	}
	schedules := eng.Schedules()
	next, err := schedules.Next(ctx, "report", "nightly", 2)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(next[0].Format("15:04"), next[1].Format("15:04"))

	if err := schedules.Run(ctx, "report", "nightly"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-ran)

	now := time.Now()
	if err := schedules.Backfill(ctx, "report", "nightly", now.Add(-48*time.Hour), now, 0); err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-ran, <-ran)

	s, err := schedules.Get(ctx, "report", "nightly")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.Status, s.Started, s.Skipped, s.Missed)
	// Output:
	// 05:00 05:00
	// run
	// backfill backfill
	// running 3 0 0
}
