package pawl

import (
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
)

// R13: which member owns an execution is no business of a caller, who hears what it is to do.
func TestR13_NotOwnerIsUnavailable(t *testing.T) {
	for _, code := range []string{shard.CodeNotOwner, kernel.CodeNotOwner} {
		if got := Code(refused(&model.Error{Code: code, Message: "ask again"})); got != CodeUnavailable {
			t.Errorf("%s is told as %s", code, got)
		}
		if got := Code(wrapEngine(&model.Error{Code: code})); got != CodeUnavailable {
			t.Errorf("%s is told as %s", code, got)
		}
	}
}
