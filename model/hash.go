package model

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Hash identifies the meaning of w: two workflows with equal hashes behave alike. The version and the description
// are left out; labels, owner and everything that runs are in.
func (w *Workflow) Hash() (string, error) {
	c := *w
	c.Version, c.Description = "", ""
	b, err := json.Marshal(&c)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16]), nil
}
