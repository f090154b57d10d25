package function

import (
	"context"
	"testing"
)

func TestPureFindsTheFunctionThatIsCalled(t *testing.T) {
	var s Set
	nothing := func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }
	if err := Register(&s, "impure", nothing); err != nil {
		t.Fatal(err)
	}
	if s.Pure([]byte(`{"name":"impure"}`)) {
		t.Error("no function is pure yet")
	}
	if err := Register(&s, "pure", nothing, Pure()); err != nil {
		t.Fatal(err)
	}
	for with, want := range map[string]bool{
		`{"name":"pure"}`:                                true,
		`{"args":{"a":[1]},"name":"pure"}`:               true,
		`{"args":{"name":"impure"},"name":"pure"}`:       true,
		`{"name":"impure"}`:                              false,
		`{"name":"unknown"}`:                             false,
		`{"args":{"name":"pure"},"name":"impure"}`:       false,
		`{"name":"impure","args":{"name":"pure"}}`:       false,
		`{"args":",\"name\":\"pure","name":"impure"}`:    false,
		`{"name":"impure","args":"{\"name\":\"pure\"}"}`: false,
		`{"surname":"pure"}`:                             false,
		`"name":"pure"}`:                                 false,
		`pure"}`:                                         false,
		`"}`:                                             false,
		``:                                               false,
	} {
		if got := s.Pure([]byte(with)); got != want {
			t.Errorf("%s: got %v", with, got)
		}
	}
}
