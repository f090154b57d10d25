package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
)

// product is one entry of a page.
type product struct {
	Name  string `json:"name"`
	Cents int    `json:"cents"`
}

// totals is a report that was handed in.
type totals struct {
	Products int `json:"products"`
	Cents    int `json:"cents"`
}

// shop serves pages of products and takes one report per idempotency key.
type shop struct {
	mu       sync.Mutex
	pages    int
	seen     map[int]bool      // pages asked for at least once
	reports  map[string]totals // by idempotency key
	requests int
}

func newShop(pages int) *shop {
	return &shop{pages: pages, seen: map[int]bool{}, reports: map[string]totals{}}
}

// ServeHTTP serves GET /products?page=N and POST /reports.
func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	switch r.Method + " " + r.URL.Path {
	case "GET /products":
		s.products(w, r)
	case "POST /reports":
		s.report(w, r)
	default:
		http.NotFound(w, r)
	}
}

// products answers 503 to the first request for a page, as a service that starts slowly does.
func (s *shop) products(w http.ResponseWriter, r *http.Request) {
	page, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil || page < 1 || page > s.pages {
		http.NotFound(w, r)
		return
	}
	if !s.seen[page] {
		s.seen[page] = true
		http.Error(w, "warming up", http.StatusServiceUnavailable)
		return
	}
	list := make([]product, 5)
	for i := range list {
		list[i] = product{Name: "product " + strconv.Itoa(page*10+i), Cents: page*100 + i}
	}
	answer(w, map[string]any{"page": page, "products": list})
}

// report takes a report. The same key again is the same report.
func (s *shop) report(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Idempotency-Key")
	var t totals
	if err := json.NewDecoder(r.Body).Decode(&t); err != nil || key == "" {
		http.Error(w, "a report needs a body and an Idempotency-Key", http.StatusBadRequest)
		return
	}
	if old, ok := s.reports[key]; ok {
		t = old
	}
	s.reports[key] = t
	answer(w, t)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client has gone if this fails
}

// count returns how many requests came.
func (s *shop) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}
