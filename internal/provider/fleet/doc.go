// Package fleet holds the tests of what a team copies: the modules and the scripts
// of the pipeline on stand-ins, and the fleet with its pipeline on real routers,
// NETCONF devices, a real Zabbix and states in a real PostgreSQL (build tag lab).
package fleet
