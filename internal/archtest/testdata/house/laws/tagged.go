//go:build bugs

package laws

func tagged(t table) {
	for range t { // want "range over a map depends on map order"
	}
}
