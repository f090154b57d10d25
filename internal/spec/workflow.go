package spec

import (
	"encoding/json"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
)

// workflow reads a document.
func (r *reader) workflow(v *value) {
	if v.kind != isMap {
		r.fault(v, CodeWrongType, "a definition is a map, not "+v.kind.String(), "begin with workflow: name")
		return
	}
	r.fileKeys(v)
	w := r.w
	if name := r.at(v, "workflow"); name != nil {
		w.Name = r.workflowName(name, "the workflow's name")
	}
	w.Version = r.semver(r.at(v, "version"))
	w.Description = r.text(r.at(v, "description"), "description")
	w.Owner = r.text(r.at(v, "owner"), "owner")
	w.Labels = r.labels(r.at(v, "labels"))
	r.input(r.at(v, "input"))
	w.Tags = r.values(r.at(v, "tags"), "a tag", r.label)
	w.Signals = r.signalDecls(r.at(v, "signals"))
	w.Triggers = r.triggers(r.at(v, "triggers"))
	w.Timeout = r.duration(r.at(v, "timeout"), "timeout")
	w.Retention = r.span(r.at(v, "retention"), "retention")
	w.Limits = r.limits(r.at(v, "limits"))
	r.policyDecls(r.at(v, "policies"))
	r.defaultsDecl(r.at(v, "defaults"))
	r.field = ""
	r.root(v)
	r.finish()
}

// fileKeys checks the keys of the document itself.
func (r *reader) fileKeys(v *value) {
	r.must(v, &fileKeys)
	known := fileKeys.names()
	for i, k := range v.keys {
		switch {
		case contains(known, k.text):
		case contains(nodeKeys.names(), k.text) || control(k.text) != nil:
			r.fault(k, CodeUnknownKey, k.text+" belongs to a node, not to the workflow", "indent it below a node in nodes")
		case v.items[i].kind == isMap && r.isNode(v.items[i]):
			r.fault(k, CodeUnknownKey, "the node "+clip(k.text)+" stands outside nodes", "indent it below nodes")
		default:
			r.fault(k, CodeUnknownKey, "a workflow has no key "+quote(k.text), r.meant(k.text, known))
		}
	}
}

// root reads the graph of the root scope and what governs it.
func (r *reader) root(v *value) {
	s := &r.w.Root
	s.Vars = r.values(r.at(v, "vars"), "a variable", r.identifier)
	s.OnFailure = r.onFailure(r.at(v, "on_failure"))
	s.Output = r.at(v, "output").json()
	s.Rollback = r.rollback(r.at(v, "rollback"))
	nodes := r.at(v, "nodes")
	if nodes == nil {
		return
	}
	b := r.graph(nodes, &s.Graph, nil, "")
	if start := r.at(v, "start"); start != nil {
		if b.start != nil {
			r.fault(start, CodeTwice, "start is written beside nodes and in it", "keep one of them")
		}
		b.start = start
	}
	s.Finally = r.finally(r.at(v, "finally"), b, b, "finally")
}

func (r *reader) onFailure(v *value) string {
	return r.word(v, "on_failure", "fail", "finish", "park")
}

// rollback keeps false only; true is what holds anyway.
func (r *reader) rollback(v *value) *bool {
	if v == nil || r.boolean(v, "rollback") || v.kind != isBool {
		return nil
	}
	no := false
	return &no
}

// labels reads a map of text; numbers and booleans are taken as written.
func (r *reader) labels(v *value) map[string]string {
	if v == nil || !r.want(v, isMap, "labels", "such as {team: payments}") || len(v.keys) == 0 {
		return nil
	}
	out := map[string]string{}
	for i, k := range v.keys {
		it := v.items[i]
		switch {
		case !r.label(k, "a label"):
		case it.kind == isNumber || it.kind == isBool:
			out[k.text] = it.text
		case r.want(it, isText, "the label "+k.text, "") && len(it.text) > 256:
			r.fault(it, CodeValue, "the label "+k.text+" is longer than 256 bytes", "put long text into description")
		default:
			out[k.text] = it.text
		}
	}
	return out
}

// signalDecls reads the signals that executions accept.
func (r *reader) signalDecls(v *value) map[string]model.Signal {
	if v == nil || !r.want(v, isMap, "signals", "such as {payment: {ttl: 7d}}") || len(v.keys) == 0 {
		return nil
	}
	out := map[string]model.Signal{}
	for i, k := range v.keys {
		if !r.label(k, "a signal") {
			continue
		}
		r.signals = append(r.signals, k.text)
		out[k.text] = r.signalDecl(v.items[i])
	}
	return out
}

func (r *reader) signalDecl(v *value) (s model.Signal) {
	if v.kind == isNull || !r.want(v, isMap, "a declared signal", "such as {ttl: 7d}, or {}") {
		return s
	}
	r.keys(v, &signalDeclKeys)
	s.TTL = r.span(v.get("ttl"), "ttl")
	if schema := v.get("schema"); schema != nil {
		s.Schema = r.schema(schema)
	}
	return s
}

// signalName reads the name of a signal that is waited for or sent. own: it must be declared where any is.
func (r *reader) signalName(v *value, own bool) string {
	if v == nil || !r.label(v, "a signal") {
		return ""
	}
	if own && r.signals != nil && !contains(r.signals, v.text) {
		r.fault(v, CodeUnknownName, "the signal "+quote(v.text)+" is not declared", orElse(r.meant(v.text, r.signals), "add it to signals"))
	}
	return v.text
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// limits reads a list of limits; it is kept as written.
func (r *reader) limits(v *value) json.RawMessage {
	items := r.list(v, "limits", "such as [{name: warehouse, concurrency: 1}]")
	for _, it := range items {
		if !r.want(it, isMap, "a limit", "such as {name: warehouse, concurrency: 1}") {
			continue
		}
		r.keys(it, &limitKeys)
		r.must(it, &limitKeys)
		r.limit(it)
	}
	if len(items) == 0 {
		return nil
	}
	return v.json()
}

func (r *reader) limit(v *value) {
	r.text(v.get("name"), "name")
	r.count(v.get("concurrency"), "concurrency")
	r.count(v.get("weight"), "weight")
	r.word(v.get("strategy"), "strategy", "queue", "reject", "cancel_running")
	r.word(v.get("hold"), "hold", "active", "whole")
	if rate := v.get("rate"); rate != nil && r.want(rate, isText, "rate", "such as 10/s") && !rate.template() && !validRate(rate.text) {
		r.fault(rate, CodeValue, "rate cannot be "+quote(rate.text), "a number, a slash and s, m, h, d or a duration, such as 10/s or 100/5m")
	}
	if (v.get("concurrency") == nil) == (v.get("rate") == nil) {
		r.fault(v, CodeMissing, "a limit has either concurrency or rate", "such as concurrency: 1")
	}
}

// validRate: a whole number, a slash, and a unit or duration.
func validRate(s string) bool {
	n, per, ok := strings.Cut(s, "/")
	if !ok || !numeral(n) || n == "0" {
		return false
	}
	if per != "" && strings.Trim(per[:1], digits) != "" {
		per = "1" + per
	}
	ms, err := expr.ParseDuration(per)
	return err == nil && ms > 0
}
