// Package fleet holds the tests of what a team copies: the modules on stand-ins,
// and the fleet on real routers, NETCONF devices, a real Zabbix and states in a
// real PostgreSQL (build tag lab).
package fleet
