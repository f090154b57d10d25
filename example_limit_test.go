package pawl_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// At most one execution at a time works on a site. The others wait in line, say so, and go on one after the other.
func Example_limit() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)

	working, goOn := make(chan string), make(chan bool)
	err = pawl.Register(eng, "work", func(_ context.Context, site string) (string, error) {
		working <- site
		<-goOn
		return site, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = eng.Deploy(ctx, pawl.Text("site.yaml", []byte(`
workflow: site
nodes:
  work: {call: work, args: "${ input }", limits: [{name: site, key: "${ input }", concurrency: 1}]}
`)))
	if err != nil {
		log.Fatal(err)
	}
	first, err := eng.Start(ctx, "site", "east")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("working on", <-working)

	second, err := eng.Start(ctx, "site", "east")
	if err != nil {
		log.Fatal(err)
	}
	limit := waitFor(eng, 1)
	fmt.Println(limit.Holders[0].Execution == first.ID(), limit.Line[0].Execution == second.ID())
	waiting, err := eng.Explain(ctx, second.ID())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(waiting[0].Kind, waiting[0].Step, waiting[0].Limit.Name, waiting[0].Limit.Key)

	goOn <- true
	fmt.Println("working on", <-working)
	goOn <- true
	if _, err := second.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("free:", waitFor(eng, 0).Used == 0)
	// Output:
	// working on east
	// true true
	// limit work site east
	// working on east
	// free: true
}

// waitFor waits until so many stand in the line of the limit, and until it is free where that is nobody.
func waitFor(eng *pawl.Engine, line int) *pawl.Limit {
	for {
		l, err := eng.Limits().Get(context.Background(), "site", "east")
		if err != nil {
			log.Fatal(err)
		}
		if l.Waiting == line && (line > 0 || l.Used == 0) {
			return l
		}
	}
}
