package laws

import (
	"maps"
	"reflect"
	"slices"
)

type table map[string]int

func order[M ~map[string]int](t table, generic M, list []int) {
	for range t { // want "range over a map depends on map order"
	}
	for range generic { // want "range over a map depends on map order"
	}
	for range maps.Keys(t) { // want "maps.Keys depends on map order"
	}
	_ = slices.Collect(maps.Values(t)) // want "maps.Values depends on map order"
	_ = reflect.ValueOf(t).MapKeys()   // want "reflection over a map"

	//archtest:ordered
	for range t { // want "range over a map depends on map order"
	}
	//archtest:ordered only counts
	for range t {
	}
	for range t { // sorted: the sum does not depend on the order
	}
	var keys, others []string
	for k := range t {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for k := range t { // want "range over a map depends on map order"
		others = append(others, k)
	}
	slices.Sort(keys)
	_ = others
	for range slices.Sorted(maps.Keys(t)) {
	}
	for range list {
	}
}
