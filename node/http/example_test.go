package http_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/pawl-dev/pawl/node"
	pawlhttp "github.com/pawl-dev/pawl/node/http"
)

func Example() {
	rates := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"pair": %q, "rate": 1.0850}`, r.URL.Query().Get("pair"))
	}))
	defer rates.Close()

	// Loopback is refused unless it is allowed.
	x := pawlhttp.New(pawlhttp.Options{Hosts: []string{"127.0.0.1"}})
	defer x.Close()
	with, _ := json.Marshal(map[string]any{"url": rates.URL, "query": map[string]string{"pair": "EURUSD"}})
	res, err := x.Execute(context.Background(), &node.Task{With: with})
	if err != nil || res.Error != nil {
		fmt.Println(err, res.Error)
		return
	}
	var out struct {
		Status int
		Body   json.RawMessage
	}
	_ = json.Unmarshal(res.Output, &out)
	fmt.Println(out.Status, string(out.Body))
	// Output: 200 {"pair":"EURUSD","rate":1.0850}
}
