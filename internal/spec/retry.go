package spec

import (
	"maps"
	"slices"

	"github.com/pawl-dev/pawl/model"
)

// Defaults of a retry policy (LANGUAGE 16).
const (
	retryInterval    = 1000
	retryCoefficient = 2
	retryMaxInterval = 60_000
	retryJitter      = 0.2
	maxAttempts      = 1_000_000
)

// policyDecls reads the named policies.
func (r *reader) policyDecls(v *value) {
	r.policies = map[string]model.Retry{}
	if v == nil || !r.want(v, isMap, "policies", "such as {net: {max_attempts: 5}}") {
		return
	}
	for i, k := range v.keys {
		if !r.label(k, "a policy") {
			continue
		}
		r.policies[k.text] = r.policy(v.items[i], "the policy "+k.text)
	}
}

// retry reads every form of retry: a number of attempts, a policy's name, a policy, or a list of these.
func (r *reader) retry(v *value) []model.Retry {
	if v == nil {
		return nil
	}
	if v.kind != isList {
		return []model.Retry{r.policy(v, "retry")}
	}
	if len(v.items) == 0 {
		r.fault(v, CodeEmpty, "the list of policies is empty", "write 1 for no second attempt")
	}
	out := make([]model.Retry, 0, len(v.items))
	open := false
	for _, it := range v.items {
		if open {
			r.fault(it, CodeValue, "the policy above takes every error, so this one is never reached", "put the policy without match and when last")
			break
		}
		p := r.policy(it, "retry")
		open = len(p.Match) == 0 && p.When == ""
		out = append(out, p)
	}
	return out
}

func (r *reader) policy(v *value, what string) model.Retry {
	p := model.Retry{InitialInterval: retryInterval, Backoff: retryCoefficient, MaxInterval: retryMaxInterval, Jitter: retryJitter}
	switch v.kind {
	case isNumber:
		p.MaxAttempts = int(r.integer(v, what, 1, maxAttempts))
	case isText:
		return r.namedPolicy(v)
	case isMap:
		r.fullPolicy(v, &p)
	default:
		r.want(v, isMap, what, "a number of attempts, the name of a policy, or {max_attempts: 5}")
	}
	return p
}

func (r *reader) namedPolicy(v *value) model.Retry {
	p, ok := r.policies[v.text]
	if !ok {
		r.fault(v, CodeUnknownName, "there is no policy "+quote(v.text), orElse(r.meant(v.text, sortedNames(r.policies)), "declare it under policies, or write a number of attempts"))
	}
	return p
}

func (r *reader) fullPolicy(v *value, p *model.Retry) {
	r.keys(v, &policyKeys)
	r.must(v, &policyKeys)
	p.MaxAttempts = int(r.integer(v.get("max_attempts"), "max_attempts", 1, maxAttempts))
	if x := v.get("initial_interval"); x != nil {
		p.InitialInterval = r.span(x, "initial_interval")
		p.MaxInterval = max(p.MaxInterval, p.InitialInterval)
	}
	if x := v.get("max_interval"); x != nil {
		p.MaxInterval = r.span(x, "max_interval")
		if p.MaxInterval < p.InitialInterval {
			r.fault(x, CodeValue, "max_interval is shorter than initial_interval", "swap them, or leave max_interval out")
		}
	}
	if x := v.get("backoff_coefficient"); x != nil {
		p.Backoff = r.number(x, "backoff_coefficient", 1, 100)
	}
	if x := v.get("jitter"); x != nil {
		p.Jitter = r.number(x, "jitter", 0, 1)
	}
	p.Match = r.words(v.get("match"), "match")
	p.When = r.expression(v.get("when"), "when")
}

// words reads one text or a list of texts.
func (r *reader) words(v *value, what string) []string {
	if v == nil {
		return nil
	}
	items := []*value{v}
	if v.kind == isList {
		items = v.items
	}
	var out []string
	for _, it := range items {
		if r.want(it, isText, what, "") {
			out = append(out, it.text)
		}
	}
	return out
}

// defaultKeys are the node keys that defaults may hold.
var defaultKeys = []string{"timeout", "attempt_timeout", "heartbeat", "retry", "queue", "priority", "on_failure"}

// defaultsDecl reads the defaults once for their own faults; nodes take their values from them.
func (r *reader) defaultsDecl(v *value) {
	if v == nil || !r.want(v, isMap, "defaults", "such as {timeout: 10m, retry: 3}") {
		return
	}
	r.defaults = v
	r.defaultValues(v)
	for i, k := range v.keys {
		if contains(defaultKeys, k.text) {
			continue
		}
		if !r.knownType(k.text) {
			r.fault(k, CodeUnknownKey, "defaults have no key "+quote(k.text), r.meant(k.text, append(r.allTypes(), defaultKeys...)))
			continue
		}
		if r.want(v.items[i], isMap, "defaults of "+k.text, "such as {timeout: 5s}") {
			r.defaultValues(v.items[i])
		}
	}
}

func (r *reader) defaultValues(v *value) {
	r.duration(v.get("timeout"), "timeout")
	r.duration(v.get("attempt_timeout"), "attempt_timeout")
	r.duration(v.get("heartbeat"), "heartbeat")
	r.retry(v.get("retry"))
	r.text(v.get("queue"), "queue")
	r.integer(v.get("priority"), "priority", -1000, 1000)
	r.onFailure(v.get("on_failure"))
}

// inherited returns a key of a node, else of the defaults for its type, else, for effect nodes, of the defaults.
func (r *reader) inherited(n *nodeIn, key string) *value {
	if v := n.v.get(key); v != nil {
		r.field = key
		r.note(key, v)
		return v
	}
	if v := r.defaults.get(n.typ).get(key); v != nil {
		return v
	}
	if n.class != effect {
		return nil
	}
	return r.defaults.get(key)
}

// withDefaults adds to a configuration what the defaults for its type say and neither it nor its node does.
func (r *reader) withDefaults(n *nodeIn, conf *value) *value {
	d := r.defaults.get(n.typ)
	if d == nil || d.kind != isMap || conf.kind != isMap && conf.kind != isNull {
		return conf
	}
	out := mapAt(conf)
	out.keys = append(out.keys, conf.keys...)
	out.items = append(out.items, conf.items...)
	for i, k := range d.keys {
		if !contains(defaultKeys, k.text) && conf.get(k.text) == nil && n.v.get(k.text) == nil {
			out.keys, out.items = append(out.keys, k), append(out.items, d.items[i])
		}
	}
	if len(out.keys) == len(conf.keys) {
		return conf
	}
	return out
}

// sortedNames are the names of the policies.
func sortedNames(m map[string]model.Retry) []string { return slices.Sorted(maps.Keys(m)) }
