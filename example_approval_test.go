package pawl_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// An approval waits for people. Two of the underwriters must agree, and whoever started it is none of them. The inbox
// lists what waits for somebody; a decision is checked and counted once, and one that comes too late hears who decided.
func ExampleEngine_Decide() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	_, err = eng.Deploy(ctx, pawl.Text("loan.yaml", []byte(`
workflow: loan
input: {amount: number}
nodes:
  - review:
      approval:
        title: "Loan of ${ input.amount }"
        assignees: [underwriters]
        exclude: ["${ execution.started_by }"]
        quorum: 2
        form: {schema: {type: object, required: [rate], properties: {rate: {type: number, maximum: 9}}}}
      next: {approved: paid, rejected: refused}
  - paid: {end: {outcome: paid, output: "${ nodes.review.output.form.rate }"}}
  - refused: {end: {outcome: refused}}
`)))
	if err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "loan", map[string]int{"amount": 70000}, pawl.By("ann"))
	if err != nil {
		log.Fatal(err)
	}

	inbox, err := eng.Approvals(ctx, pawl.ApprovalFilter{Person: "bob", Groups: []string{"underwriters"}})
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range inbox.Approvals {
		fmt.Println(a.Step, a.Title, a.Outcomes, a.Execution == run.ID())
	}

	decide := func(who string, rate float64) {
		err := eng.Approve(ctx, run.ID(), "review", pawl.By(who), pawl.Groups("underwriters"), pawl.Form(map[string]float64{"rate": rate}))
		fmt.Printf("%s %q\n", who, pawl.Code(err))
	}
	decide("ann", 4.5)
	decide("bob", 11)
	decide("bob", 4.5)
	decide("bob", 4.5)
	decide("cid", 4)
	fmt.Println(pawl.Result[float64](ctx, run))
	decide("dan", 4)
	// Output:
	// review Loan of 70000 [approved rejected] true
	// ann "excluded"
	// bob "invalid"
	// bob ""
	// bob "already_voted"
	// cid ""
	// 4 <nil>
	// dan "already_decided"
}
