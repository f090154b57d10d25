package runner

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/model"
	"pgregory.net/rapid"
)

func TestI26SecretsAreMaskedInEveryForm(t *testing.T) {
	const secret = `p4ss"w/rd+ü&x=1`
	h := newHider([]string{secret})
	quoted, _ := json.Marshal(secret)
	for name, s := range map[string]string{
		"raw":        "before " + secret + " after",
		"query":      "https://x/?k=" + url.QueryEscape(secret),
		"path":       "https://x/" + url.PathEscape(secret),
		"base64":     base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64url":  base64.RawURLEncoding.EncodeToString([]byte(secret)),
		"basic auth": "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+secret)),
		"shifted":    base64.StdEncoding.EncodeToString([]byte("ab" + secret + "tail")),
		"JSON":       string(quoted),
		"hex":        "70347373227772642bc3bc26783d31"[:0] + hexOf(secret),
	} {
		got := h.text(s)
		if strings.Contains(got, secret) || !strings.Contains(got, hidden) || got == s {
			t.Errorf("%s: %q stays %q", name, s, got)
		}
	}
}

func hexOf(s string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(digits[s[i]>>4])
		b.WriteByte(digits[s[i]&15])
	}
	return b.String()
}

func TestS48MaskedJSONStaysJSON(t *testing.T) {
	h := newHider([]string{"hunter22", "4242424242"})
	for in, want := range map[string]string{
		`{"a":"x hunter22 y"}`:         `{"a":"x *** y"}`,
		`{"hunter22":1}`:               `{"***":1}`,
		`{"a":"\u0068unter22","b":[]}`: `{"a":"***","b":[]}`,
		`[4242424242,1]`:               `["***",1]`,
		`{"n":-14242424242.5}`:         `{"n":"***"}`,
		`{"a":"nothing","b":"\n"}`:     `{"a":"nothing","b":"\n"}`,
		`null`:                         `null`,
		``:                             ``,
	} {
		if got := string(h.json(json.RawMessage(in))); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

func TestS48MaskingReachesEveryField(t *testing.T) {
	const secret = "hunter22"
	h := newHider([]string{secret})
	val := json.RawMessage(`"` + secret + `"`)
	res := model.Result{
		Output: val, Log: []string{secret},
		Set:   []model.Assign{{Var: "v", Value: val}},
		Tags:  map[string]json.RawMessage{"t": val},
		Error: &model.Error{Code: "x", Message: secret, Details: val},
	}
	h.result(&res)
	b, _ := json.Marshal(res)
	if strings.Contains(string(b), secret) || strings.Count(string(b), hidden) != 6 {
		t.Errorf("masked: %s", b)
	}
}

func TestShortSecretsHideNothing(t *testing.T) {
	if newHider([]string{"a", ""}) != nil {
		t.Error("a one-letter secret would hide every such letter")
	}
	var none *hider
	if none.text("a") != "a" || string(none.json(json.RawMessage(`1`))) != "1" {
		t.Error("a nil hider changes text")
	}
}

func TestNoSecretSurvivesInAnyAlignment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[a-zA-Z0-9/+"\\ü]{8,24}`).Draw(t, "secret")
		before := rapid.StringMatching(`[a-z:]{0,8}`).Draw(t, "before")
		after := rapid.StringMatching(`[a-z:]{0,8}`).Draw(t, "after")
		h := newHider([]string{secret})
		enc := base64.StdEncoding.EncodeToString([]byte(before + secret + after))
		out, _ := json.Marshal(map[string]string{"raw": before + secret + after, "b64": enc})
		masked := h.json(out)
		if !json.Valid(masked) {
			t.Fatalf("not JSON: %s", masked)
		}
		var back map[string]string
		if err := json.Unmarshal(masked, &back); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(back["raw"], secret) || !strings.Contains(back["b64"], hidden) {
			t.Fatalf("secret %q is left in %s", secret, masked)
		}
	})
}
