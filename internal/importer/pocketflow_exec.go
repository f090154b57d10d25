package importer

import (
	"strings"
)

// pocketExec is what runs a node, after overrides.
type pocketExec struct {
	at                        at
	service, kind, fn, script at
	attempts, delay           at
}

// exec is what runs a node. A node of a subflow takes what it does not say from the node that holds the subflow, and
// what that one overrides.
func (p *pocket) exec(n at) pocketExec {
	u := pocketExec{at: n, service: n.get("service"), kind: n.get("exec_type"), fn: n.get("func"), script: n.get("script"), attempts: n.get("max_attempts"), delay: n.get("attempt_delay_ms")}
	if p.outer == nil {
		return u
	}
	if u.kind.str() == "" {
		u.kind = p.host.get("exec_type")
	}
	if u.fn.str() == "" {
		u.fn = p.host.get("func")
	}
	if u.script.get("cmd").str() == "" && p.host.get("script").get("cmd").str() != "" {
		u.script = p.host.get("script")
	}
	return u.over(p.override(n), true)
}

// override is what the node around a subflow says about one of its nodes.
func (p *pocket) override(n at) at {
	if p.outer == nil {
		return at{}
	}
	for _, x := range p.host.get("subflow_execs").list() {
		if x.get("node").str() == n.key {
			x.get("node").kept("")
			return x
		}
	}
	return at{}
}

// over puts what an override says above what the node says.
func (u pocketExec) over(x at, service bool) pocketExec {
	if !x.there() {
		return u
	}
	if s := x.get("service"); service && s.str() != "" {
		u.service = s
	}
	if s := x.get("exec_type"); s.str() != "" {
		u.kind = s
	}
	if s := x.get("func"); s.str() != "" {
		u.fn = s
	}
	if s := x.get("script"); s.get("cmd").str() != "" {
		u.script = s
	}
	return u
}

// work writes the type and configuration of an effect node, and says what its result is in an expression.
func (p *pocket) work(u pocketExec, input *val, params string) (node *val, result string) {
	arg := object("input", input, "params", p.argument(u.at, params))
	if w := u.at.get("weighted_by_load"); w.there() {
		w.out("which instance is called is a setting of the service: least loaded")
	}
	switch u.kind.str() {
	case "local_func":
		u.kind.kept("call")
		u.fn.kept("call")
		u.service.out("a function needs no service")
		name := u.fn.str()
		if name == "" {
			name = "unnamed"
		}
		return object("call", lit(name), "args", arg, "attempt_timeout", "10s"), "result"
	case "local_script":
		u.kind.changed("exec", "the operator must allow programs; the worker's environment is not inherited")
		u.service.out("a script needs no service")
		return p.script(u, arg)
	case "queue":
		u.kind.changed("service", "workers pull from the queue "+quote(u.service.str())+"; a task has a lease and a timeout")
		u.service.kept("service.name, queue")
		u.fn.out("a queue runs no function")
		return object("service", object("name", lit(u.service.str()), "input", arg), "queue", lit(u.service.str())), "result"
	case "http", "":
		u.kind.kept("service")
		u.service.changed("service.name", "a worker gets {input, params} and answers with its result; it registers under the same name")
		u.fn.out("a service runs no function")
		return object("service", object("name", lit(u.service.str()), "input", arg), "attempt_timeout", "10s"), "result"
	}
	u.kind.look("nodes", "PocketFlowGo has no such exec_type, and the node always failed")
	v := object("end", object("error", object("code", "unsupported_exec", "message", "exec_type "+lit(u.kind.str()))))
	return v.note("exec_type " + quote(u.kind.str()) + " is none of http, local_func, local_script, queue: the node always failed."), "result"
}

// argument is an expression as a value.
func (p *pocket) argument(x at, src string) *val {
	if src == "null" {
		return number("null")
	}
	return code(fits(x, "args", src))
}

// script writes an exec node.
func (p *pocket) script(u pocketExec, arg *val) (node *val, result string) {
	s := u.script
	conf := object("command", p.command(s))
	env := object()
	for _, f := range s.get("env").fields() {
		env.put(f.key, lit(f.str()))
		f.kept("exec.env")
	}
	if !env.empty() {
		conf.put("env", env)
	}
	if d := s.get("work_dir"); d.str() != "" {
		conf.put("dir", lit(d.str()))
		if strings.HasPrefix(d.str(), "/") {
			d.look("exec.dir", "a folder must lie below the one that the operator names")
		} else {
			d.kept("exec.dir")
		}
	}
	if in := s.get("stdin_mode"); in.str() == "json" {
		in.kept("exec.json")
		conf.put("json", arg)
	} else if in.there() {
		in.out("only json gave the script something to read")
	}
	timeout := 10_000
	if t := s.get("timeout_ms"); t.count() > 0 {
		timeout = t.count()
		t.kept("exec.timeout")
	}
	conf.put("timeout", ms(timeout))
	out := object("exec", conf)
	mode := s.get("output_mode")
	if mode.str() == "json" {
		mode.changed("exec.output", "output that is no JSON fails the step; it was taken as text")
		conf.put("output", "json")
		return out.put("output", code("result.json")), "result.json"
	}
	mode.changed("output", "standard output only; standard error was mixed in")
	return out.put("output", code("result.stdout")), "result.stdout"
}

// command is the list of words that runs a script. Inline code is handed to its interpreter.
func (p *pocket) command(s at) *val {
	cmd, src, lang := s.get("cmd"), s.get("code"), s.get("language")
	out := list()
	if src.str() == "" {
		lang.out("there is no code")
		cmd.kept("exec.command")
		out.items = append(out.items, text(lit(cmd.str())))
	} else {
		shell, flag := interpreter(lang.str())
		if lang.str() == "" && cmd.str() == "" {
			shell, flag = "bash", "-c"
		}
		if c := cmd.str(); c != "" {
			shell = c
			if lang.str() == "" {
				_, flag = interpreter(c)
			}
		}
		lang.kept("exec.command")
		cmd.kept("exec.command")
		if flag == "" {
			flag = "-c"
			src.look("exec.command", "the interpreter "+quote(shell)+" was given a file; it must take its program behind -c, or the code must become a file")
		} else {
			src.changed("exec.command", "the code is handed to "+shell+" behind "+flag+" instead of in a file")
		}
		out.items = append(out.items, text(lit(shell)), text(flag), text(lit(src.str())))
		if flag == "-c" && (shell == "bash" || shell == "sh") && s.get("args").t.Len() > 0 {
			out.items = append(out.items, text(shell))
		}
	}
	for _, a := range s.get("args").list() {
		a.kept("exec.command")
		out.items = append(out.items, text(lit(a.str())))
	}
	return out
}

// interpreter gives the program of a language and the flag behind which it takes code; "" where it takes none.
func interpreter(lang string) (program, flag string) {
	switch lang {
	case "bash", "sh", "zsh":
		return lang, "-c"
	case "python", "python3":
		return "python3", "-c"
	case "javascript", "node":
		return "node", "-e"
	case "ruby", "perl", "lua":
		return lang, "-e"
	case "go":
		return "go run", ""
	}
	return lang, ""
}

// retry writes how often a node is tried: PocketFlowGo had a loop inside a loop.
func (p *pocket) retry(out *val, n at, u pocketExec) {
	times, delay := 1, 0
	if p.outer != nil {
		for _, k := range []string{"max_retries", "wait_ms", "max_attempts", "attempt_delay_ms"} {
			n.get(k).out("PocketFlowGo did not look at it inside a subflow")
		}
		p.subRetry(out)
		return
	}
	if r := n.get("max_retries"); r.there() {
		times = r.count() + 1
		r.changed("retry.max_attempts", "attempts count the first one")
	}
	if w := n.get("wait_ms"); w.there() {
		delay = w.count()
		w.kept("retry.initial_interval")
	}
	p.attempts(out, u, times, delay)
}

// subRetry tries the nodes of a subflow as the node around it says.
func (p *pocket) subRetry(out *val) {
	if p.host.get("failure_strategy").str() != "retry" {
		return
	}
	most, wait := p.host.get("max_retries"), p.host.get("wait_ms")
	times := most.count()
	most.kept("retry.max_attempts of its nodes")
	wait.kept("retry.initial_interval of its nodes")
	if times == 0 {
		times = 1_000_000
		p.host.get("failure_strategy").look("retry", "without max_retries it tried for ever")
	}
	if times > 1 {
		out.put("retry", policy(times, ms(max(wait.count(), 1)), "1", ""))
	}
}

// attempts adds the inner loop, which only functions and scripts have.
func (p *pocket) attempts(out *val, u pocketExec, times, delay int) {
	if local := strings.HasPrefix(u.kind.str(), "local_"); local && u.attempts.count() > 0 {
		times *= u.attempts.count()
		u.attempts.kept("retry.max_attempts")
		delay = max(delay, u.delay.count())
		u.delay.kept("retry.initial_interval")
	} else if !local {
		u.attempts.out("PocketFlowGo used it for functions and scripts only")
		u.delay.out("PocketFlowGo used it for functions and scripts only")
	} else {
		u.attempts.kept("")
		u.delay.out("there is one attempt")
	}
	if times > 1 {
		out.put("retry", policy(times, ms(max(delay, 1)), "1", ""))
	}
}

// policy is a retry policy without jitter.
func policy(times int, interval, coefficient, most string) *val {
	v := object("max_attempts", number(itoa(min(times, 1_000_000))), "initial_interval", interval, "backoff_coefficient", number(coefficient), "max_interval", most)
	return v.put("jitter", number("0"))
}
