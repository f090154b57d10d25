// Package laws breaks the purity rule in every way the walk knows.
package laws

import (
	"context"                // want "pure code imports context"
	cryptorand "crypto/rand" // want "pure code imports crypto/rand"
	"fmt"
	"log/slog"  // want "pure code imports log/slog"
	"math/rand" // want "pure code imports math/rand"
	"net/http"  // want "pure code imports net/http"
	"net/url"
	"os"   // want "pure code imports os"
	"sync" // want "pure code imports sync"
	"time" // want "pure code imports time"

	_ "example.com/driver" // want "the module is not among those listed for laws" "door -> adapter -> contract -> words -> laws links example.com/driver" "words -> laws links example.com/driver"
)

var (
	_ context.Context
	_ = cryptorand.Reader
	_ slog.Level
	_ rand.Source
	_ http.Header
	_ url.URL
	_ os.FileMode
	_ sync.Mutex
	_ time.Duration
)

func clock() {
	_ = time.Now() // want "pure code uses time.Now"
	fmt.Println()  // want "pure code uses fmt.Println"
	println()      // want "pure code prints"
	_ = fmt.Sprint()
}

func concurrent() {
	var c chan int // want "pure code has a channel type"
	go clock()     // want "pure code starts a goroutine"
	c <- 1         // want "pure code sends on a channel"
	<-c            // want "pure code receives from a channel"
	select {}      // want "pure code selects"
}
