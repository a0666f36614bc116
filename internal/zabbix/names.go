package zabbix

import (
	"regexp"
	"strings"
)

// A macro is {$NAME}, {$NAME:context}, {$NAME:"context"} or
// {$NAME:regex:"pattern"} (Zabbix manual, user macros; names in capitals).
var macroForm = regexp.MustCompile(`(?s)^\{\$([A-Z0-9_.]+)(?::(.*))?\}$`)

// macroKey is a macro's name as Zabbix compares it: a context counts without
// its quotes and without blanks before it. What is no macro stays as it is.
func macroKey(name string) string {
	m := macroForm.FindStringSubmatch(name)
	if m == nil || !strings.Contains(name, ":") {
		return name
	}
	context, regex := strings.TrimLeft(m[2], " "), ""
	if rest, ok := strings.CutPrefix(context, "regex:"); ok {
		regex, context = "regex:", strings.TrimLeft(rest, " ")
	}
	text, ok := unquoted(context)
	if !ok {
		return name
	}
	return "{$" + m[1] + ":" + regex + `"` + strings.ReplaceAll(text, `"`, `\"`) + `"}`
}

// unquoted is a context without its quotes; false when it is not well formed:
// a quoted one ends with its quote, an unquoted one has no closing brace.
func unquoted(context string) (string, bool) {
	if !strings.HasPrefix(context, `"`) {
		return context, !strings.Contains(context, "}")
	}
	var b strings.Builder
	for rest := context[1:]; rest != ""; {
		switch {
		case strings.HasPrefix(rest, `\"`):
			b.WriteByte('"')
			rest = rest[2:]
		case rest[0] == '"':
			return b.String(), strings.Trim(rest[1:], " ") == ""
		default:
			b.WriteByte(rest[0])
			rest = rest[1:]
		}
	}
	return "", false
}

// macroName tells that a name is that of a macro, with a context or without.
func macroName(name string) bool {
	m := macroForm.FindStringSubmatch(name)
	if m == nil {
		return false
	}
	if !strings.Contains(name, ":") {
		return true
	}
	context := strings.TrimLeft(m[2], " ")
	if rest, ok := strings.CutPrefix(context, "regex:"); ok {
		context = strings.TrimLeft(rest, " ")
	}
	_, ok := unquoted(context)
	return ok
}
