package zabbix

// MacroKey is a macro's name as Zabbix compares it: a context counts without its
// quotes and without blanks before it. What is no macro stays as it is.
func MacroKey(name string) string { return macroKey(name) }
