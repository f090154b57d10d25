// Fetch runs a definition with HTTP steps against a server that it starts itself on the loopback interface. The
// server answers the first request for each page with 503, so the retries have something to do.
//
//	go run ./examples/fetch
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/node"
	"github.com/pawl-dev/pawl/node/http"
	"github.com/pawl-dev/pawl/store/sqlite"
)

//go:embed fetch.yaml
var definition []byte

// pages is how many pages the shop has.
const pages = 12

func main() {
	dir, err := os.MkdirTemp("", "pawl-fetch-")
	if err == nil {
		err = run(context.Background(), os.Stdout, filepath.Join(dir, "fetch.db"))
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fetch:", err)
		os.Exit(1)
	}
}

// run fetches all pages once and prints what came of it.
func run(ctx context.Context, w io.Writer, file string) (err error) {
	shop := newShop(pages)
	base, stop, err := serve(shop)
	if err != nil {
		return err
	}
	defer stop()

	// Loopback and private addresses are refused unless they are allowed.
	loopback := netip.MustParsePrefix("127.0.0.0/8")
	requests := http.New(http.Options{Allow: []netip.Prefix{loopback}})
	defer requests.Close()
	eng, err := pawl.Open(ctx, sqlite.Open(file), pawl.Options{Nodes: []node.Type{requests.Type()}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, eng.Close(ctx)) }()

	if _, err := eng.Deploy(ctx, pawl.Text("fetch.yaml", definition)); err != nil {
		return err
	}
	run, err := eng.Start(ctx, "fetch", map[string]any{"base": base, "pages": pages})
	if err != nil {
		return err
	}
	out, err := pawl.Result[result](ctx, run)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%d pages in %d requests: %d products, %d.%02d EUR; a page that is not there: %d\n",
		out.Pages, shop.count(), out.Report.Products, out.Report.Cents/100, out.Report.Cents%100, out.Gone)
	return err
}

// result is the output of the workflow.
type result struct {
	Pages  int    `json:"pages"`
	Gone   int    `json:"gone"`
	Report totals `json:"report"`
}

// serve listens on a free port of the loopback interface until stop is called.
func serve(h nethttp.Handler) (base string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &nethttp.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // ends with ErrServerClosed when stop is called
	}()
	return "http://" + l.Addr().String(), func() { _ = server.Close(); <-done }, nil
}
