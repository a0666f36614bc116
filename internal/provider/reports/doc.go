// Package reports holds the tests of the reports on plans and runs that the real
// Terraform made, with the provider's own binary, on simulated devices and a
// simulated Zabbix.
package reports
