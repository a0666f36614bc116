package main

import (
	"fmt"
	"slices"
	"strings"
)

// command runs one command of the console.
func (l *lab) command(args []string) answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(args) == 0 {
		return failed(exitUsage, "which command?")
	}
	if args[0] == "status" {
		return answer{Stdout: l.status()}
	}
	if len(args) < 2 {
		return failed(exitUsage, "%s needs a node", args[0])
	}
	i := slices.IndexFunc(l.entries, func(e *entry) bool { return e.Name == args[1] })
	if i < 0 {
		return failed(exitFailed, "there is no node %s", args[1])
	}
	return l.on(l.entries[i], args[0], args[2:])
}

// on runs a command on a node.
func (l *lab) on(e *entry, verb string, args []string) answer {
	var err error
	switch verb {
	case "running":
		return answer{Stdout: e.node.Running()}
	case "startup":
		return answer{Stdout: e.node.Startup()}
	case "exec":
		return l.exec(e, args)
	case "drift":
		err = e.node.ChangeByHand(strings.Join(args, "\n"))
	case "cut":
		e.node.Cut()
		e.cut = true
	case "heal":
		e.node.Heal()
		e.cut = false
	case "reboot":
		e.node.Reboot()
	case "reach":
		err = reach(e.node.Addr())
	default:
		return failed(exitUsage, "there is no command %s", verb)
	}
	if err != nil {
		return failed(exitFailed, "%s %s: %v", verb, e.Name, err)
	}
	return answer{}
}

// exec runs what the demo asks a router: "vtysh -c COMMAND".
func (l *lab) exec(e *entry, args []string) answer {
	if e.Kind != "router" || len(args) != 3 || args[0] != "vtysh" || args[1] != "-c" {
		return failed(exitUsage, "a simulated router knows: exec NODE vtysh -c 'show running-config' or 'show bgp summary'")
	}
	switch args[2] {
	case "show running-config":
		return answer{Stdout: e.node.Running()}
	case "show bgp summary":
		return answer{Stdout: l.fabric().summary(parseSpeaker(e.Name, e.node.Running()))}
	}
	return answer{Stdout: "% Unknown command: " + args[2] + "\n", Code: exitFailed}
}

// fabric is what the routers run now.
func (l *lab) fabric() fabric {
	var f fabric
	for _, e := range l.entries {
		if e.Kind == "router" {
			f = append(f, parseSpeaker(e.Name, e.node.Running()))
		}
	}
	return f
}

// status lists the nodes.
func (l *lab) status() string {
	var b strings.Builder
	for _, e := range l.entries {
		state := "up"
		if e.cut {
			state = "up cut"
		}
		fmt.Fprintf(&b, "%-6s %-8s %s:%d %s (simulated)\n", e.Name, e.Kind, e.Host, e.Port, state)
	}
	return b.String()
}

// failed is the answer to a command that did not work.
func failed(code int, format string, args ...any) answer {
	return answer{Error: fmt.Sprintf(format, args...), Code: code}
}
