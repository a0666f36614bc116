// Package faults holds tests only: bad input and bad days (a lost connection,
// a killed process, a full disk, somebody else's lock, a dead API), each on real
// devices or, for hosts, on real Zabbix, with the real Terraform and the real
// binary of the provider. What is asked every time: does the error name the
// device or host, the step, the cause and what to do; does the next plan tell the
// truth; does the next apply finish; is nothing left behind.
package faults
