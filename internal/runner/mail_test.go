package runner

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/model"
)

func TestResultsThatSendWhatNobodyCanTakeAreRefused(t *testing.T) {
	const payload = 20
	long := json.RawMessage(`"` + strings.Repeat("x", 40) + `"`)
	for name, res := range map[string]model.Result{
		"no workflow": {Start: []model.StartRequest{{}}},
		"bad input":   {Start: []model.StartRequest{{Workflow: "w", Input: json.RawMessage("{")}}},
		"large input": {Start: []model.StartRequest{{Workflow: "w", Input: long}}},
		"no signal":   {Send: []model.SendRequest{{To: "parent"}}},
		"nobody":      {Send: []model.SendRequest{{Signal: "go", Workflow: "w"}}},
		"bad data":    {Send: []model.SendRequest{{Signal: "go", To: "parent", Data: json.RawMessage("nope")}}},
		"too many":    {Send: make([]model.SendRequest, maxMail+1)},
	} {
		if e := fit(&res, payload); e == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	good := model.Result{
		Start: []model.StartRequest{{Workflow: "w", Key: "k", Input: json.RawMessage("1")}},
		Send:  []model.SendRequest{{To: "parent", Signal: "go"}, {Workflow: "w", Key: "k", Signal: "go", Data: json.RawMessage("1")}},
	}
	if e := fit(&good, payload); e != nil {
		t.Errorf("refused: %v", e)
	}
}
