package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run prints a script that completes verbs, flags, files, and ids from the store.
func (c *completionCmd) Run(_ context.Context, e *env, k *kong.Kong) error {
	verbs := verbsOf(k)
	switch c.Shell {
	case "bash":
		bashCompletion(e, verbs)
	case "zsh":
		zshCompletion(e, verbs)
	case "fish":
		fishCompletion(e, verbs)
	}
	return nil
}

// verb is what a completion knows of one.
type verb struct {
	name, help string
	flags      []flagInfo
	takesID    bool
	// words are what the first argument can be.
	words string
	// takesVersion: a workflow, then versions of it.
	takesVersion bool
}

type flagInfo struct{ name, help, values string }

func verbsOf(k *kong.Kong) []verb {
	var out []verb
	for _, n := range k.Model.Children {
		if n.Hidden {
			continue
		}
		v := verb{name: n.Name, help: n.Help}
		for _, f := range n.Flags {
			if !f.Hidden {
				v.flags = append(v.flags, flagInfo{f.Name, f.Help, strings.ReplaceAll(f.Enum, ",", " ")})
			}
		}
		for _, p := range n.Positional {
			v.takesID = v.takesID || p.Name == "id"
			if p.Enum != "" {
				v.words = strings.ReplaceAll(p.Enum, ",", " ")
			}
			v.takesVersion = v.takesVersion || p.Name == "workflow"
		}
		out = append(out, v)
	}
	return out
}

func bashCompletion(e *env, verbs []verb) {
	fmt.Fprint(e.out, `# source <(pawl completion bash)
_pawl() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]}
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "`+joinNames(verbs)+`" -- "$cur"))
    return
  fi
  case $verb in
`)
	for _, v := range verbs {
		fmt.Fprintf(e.out, "    %s)\n", v.name)
		for _, f := range v.flags {
			if f.values != "" {
				fmt.Fprintf(e.out, "      [[ $prev == --%s%s ]] && { COMPREPLY=($(compgen -W %q -- \"$cur\")); return; }\n", f.name, shortOutput(f.name), f.values)
			}
		}
		fmt.Fprintf(e.out, "      [[ $cur == -* ]] && { COMPREPLY=($(compgen -W %q -- \"$cur\")); return; }\n", joinFlags(v))
		if v.words != "" {
			fmt.Fprintf(e.out, "      [[ $COMP_CWORD -eq 2 ]] && { COMPREPLY=($(compgen -W %q -- \"$cur\")); return; }\n", v.words)
		}
		switch {
		case v.takesID:
			fmt.Fprint(e.out, "      COMPREPLY=($(compgen -W \"$(pawl list -o name 2>/dev/null)\" -- \"$cur\"))\n")
		case v.takesVersion:
			fmt.Fprint(e.out, "      local workflow=; [[ $COMP_CWORD -gt 2 ]] && workflow=${COMP_WORDS[2]}\n")
			fmt.Fprint(e.out, "      COMPREPLY=($(compgen -W \"$(pawl versions $workflow -o name 2>/dev/null)\" -- \"$cur\"))\n")
		default:
			fmt.Fprint(e.out, "      COMPREPLY=($(compgen -f -- \"$cur\"))\n")
		}
		fmt.Fprint(e.out, "      ;;\n")
	}
	fmt.Fprint(e.out, "  esac\n}\ncomplete -F _pawl pawl\n")
}

func shortOutput(flag string) string {
	if flag == "output" {
		return " || $prev == -o"
	}
	return ""
}

func zshCompletion(e *env, verbs []verb) {
	fmt.Fprint(e.out, "#compdef pawl\n# pawl completion zsh > \"${fpath[1]}/_pawl\"\n_pawl() {\n  local -a verbs\n  verbs=(\n")
	for _, v := range verbs {
		fmt.Fprintf(e.out, "    '%s:%s'\n", v.name, zshText(v.help))
	}
	fmt.Fprint(e.out, "  )\n  if (( CURRENT == 2 )); then _describe verb verbs; return; fi\n  local verb=$words[2]\n  shift words; (( CURRENT-- ))\n  case $verb in\n")
	for _, v := range verbs {
		fmt.Fprintf(e.out, "    %s)\n      _arguments", v.name)
		for _, f := range v.flags {
			action := ""
			if f.values != "" {
				action = ":" + f.name + ":(" + f.values + ")"
			}
			fmt.Fprintf(e.out, " \\\n        '--%s[%s]%s'", f.name, zshText(f.help), action)
		}
		if v.words != "" {
			fmt.Fprintf(e.out, " \\\n        '1:word:(%s)'", v.words)
		}
		rest := "*:file:_files"
		if v.takesID {
			rest = "*:id:($(pawl list -o name 2>/dev/null))"
		}
		if v.takesVersion {
			fmt.Fprintf(e.out, " \\\n        %q", "1:workflow:($(pawl versions -o name 2>/dev/null))")
			rest = "*:version:($(pawl versions $words[2] -o name 2>/dev/null))"
		}
		fmt.Fprintf(e.out, " \\\n        %q\n      ;;\n", rest)
	}
	fmt.Fprint(e.out, "  esac\n}\n_pawl \"$@\"\n")
}

// zshText keeps what _arguments and _describe take as syntax out of help texts.
func zshText(s string) string {
	return strings.NewReplacer("'", "", "[", "(", "]", ")", ":", ",", "`", "").Replace(s)
}

func fishCompletion(e *env, verbs []verb) {
	fmt.Fprint(e.out, "# pawl completion fish | source\ncomplete -c pawl -n __fish_use_subcommand -f\n")
	for _, v := range verbs {
		fmt.Fprintf(e.out, "complete -c pawl -n __fish_use_subcommand -a %s -d %s\n", v.name, fishText(v.help))
		seen := fmt.Sprintf("'__fish_seen_subcommand_from %s'", v.name)
		if v.takesID {
			fmt.Fprintf(e.out, "complete -c pawl -n %s -f -a '(pawl list -o name 2>/dev/null)'\n", seen)
		}
		if v.words != "" {
			fmt.Fprintf(e.out, "complete -c pawl -n %s -a '%s'\n", seen, v.words)
		}
		if v.takesVersion {
			fmt.Fprintf(e.out, "complete -c pawl -n %s -f -a '(pawl versions (commandline -opc)[3] -o name 2>/dev/null)'\n", seen)
		}
		for _, f := range v.flags {
			values := ""
			if f.values != "" {
				values = " -x -a '" + f.values + "'"
			}
			fmt.Fprintf(e.out, "complete -c pawl -n %s -l %s -d %s%s\n", seen, f.name, fishText(f.help), values)
		}
	}
}

func fishText(s string) string { return "'" + strings.ReplaceAll(s, "'", "") + "'" }

func joinNames(verbs []verb) string {
	out := make([]string, len(verbs))
	for i, v := range verbs {
		out[i] = v.name
	}
	return strings.Join(out, " ")
}

func joinFlags(v verb) string {
	out := make([]string, len(v.flags))
	for i, f := range v.flags {
		out[i] = "--" + f.name
	}
	return strings.Join(out, " ")
}
