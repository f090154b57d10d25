package expr

import "testing"

func TestExamplesOfFunctions(t *testing.T) {
	for _, f := range Functions() {
		if f.Example == "" {
			continue
		}
		p, err := Compile(f.Example)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		v, err := p.Eval(nil)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		b, err := Append(nil, v)
		if err != nil || string(b) != f.Result {
			t.Errorf("%s: %s gives %s, %v; want %s", f.Name, f.Example, b, err, f.Result)
		}
	}
}

func BenchmarkCondition(b *testing.B) {
	p, err := Compile("output.body.risk > 0.8")
	if err != nil {
		b.Fatal(err)
	}
	c := &Context{Names: mapNames{"output": map[string]any{"body": map[string]any{"risk": 0.9}}}}
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := p.Bool(c); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
