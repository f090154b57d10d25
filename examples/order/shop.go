package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/pawl-dev/pawl"
)

// Item is a line of an order.
type Item struct {
	SKU   string `json:"sku"`
	Count int    `json:"count"`
}

// Order is what the workflow starts with.
type Order struct {
	ID       string `json:"id"`
	Customer string `json:"customer"`
	Items    []Item `json:"items"`
}

// The arguments and results of the functions.
type (
	stockArgs struct {
		Order string `json:"order"`
		Items []Item `json:"items"`
	}
	reservation struct {
		Cents int `json:"cents"`
	}
	chargeArgs struct {
		Order    string `json:"order"`
		Customer string `json:"customer"`
		Cents    int    `json:"cents"`
	}
	receipt struct {
		Receipt string `json:"receipt"`
	}
	parcel struct {
		Tracking string `json:"tracking"`
	}
)

// shop stands for the services that a real program would call. They outlive the engine in this example, as services
// do, and they honour idempotency keys: the same key again gives the same answer and does nothing.
type shop struct {
	mu      sync.Mutex
	stock   map[string]int
	price   map[string]int
	done    map[string]bool    // keys of reservations and releases
	charged map[string]receipt // by key
	busy    map[string]int     // how often the gateway still answers "busy", by customer
	broke   map[string]bool    // customers whose card is declined
	calls   int                // of any function
}

func newShop() *shop {
	return &shop{
		stock:   map[string]int{"ratchet": 5, "pawl": 12},
		price:   map[string]int{"ratchet": 1499, "pawl": 250},
		done:    map[string]bool{},
		charged: map[string]receipt{},
		busy:    map[string]int{"ada": 2},
		broke:   map[string]bool{"bruno": true},
	}
}

// reserve takes the items out of the stock, all or none.
func (s *shop) reserve(ctx context.Context, a stockArgs) (reservation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	cents := 0
	for _, i := range a.Items {
		cents += i.Count * s.price[i.SKU]
	}
	key := pawl.TaskFrom(ctx).Key
	if s.done[key] {
		return reservation{cents}, nil
	}
	for _, i := range a.Items {
		if s.stock[i.SKU] < i.Count {
			return reservation{}, pawl.Permanent(fmt.Errorf("%d of %s wanted, %d in stock", i.Count, i.SKU, s.stock[i.SKU]))
		}
	}
	for _, i := range a.Items {
		s.stock[i.SKU] -= i.Count
	}
	s.done[key] = true
	return reservation{cents}, nil
}

// release puts the items back.
func (s *shop) release(ctx context.Context, a stockArgs) (struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	key := pawl.TaskFrom(ctx).Key
	if s.done[key] {
		return struct{}{}, nil
	}
	for _, i := range a.Items {
		s.stock[i.SKU] += i.Count
	}
	s.done[key] = true
	return struct{}{}, nil
}

// charge asks the card gateway, which is busy at times and declines some cards.
func (s *shop) charge(ctx context.Context, a chargeArgs) (receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	key := pawl.TaskFrom(ctx).Key
	if r, ok := s.charged[key]; ok {
		return r, nil
	}
	if s.busy[a.Customer] > 0 {
		s.busy[a.Customer]--
		return receipt{}, &pawl.Failure{Code: "gateway_busy", Message: "the gateway is busy"}
	}
	if s.broke[a.Customer] {
		return receipt{}, pawl.EndWith("declined", map[string]string{"reason": "the card was declined"})
	}
	r := receipt{fmt.Sprintf("R-%s-%d", a.Order, a.Cents)}
	s.charged[key] = r
	return r, nil
}

// ship hands the parcel over.
func (s *shop) ship(_ context.Context, a stockArgs) (parcel, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if len(a.Items) == 0 {
		return parcel{}, errors.New("an empty parcel")
	}
	return parcel{"T-" + a.Order}, nil
}

// count returns how often a function was called.
func (s *shop) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}
