package zabbix

import "testing"

// The texts are those of 6.0.14 and 7.0.9.
func TestCulprit(t *testing.T) {
	hosts := []any{object{"host": "a"}, object{"host": "b"}, object{"host": "bb"}}
	for said, want := range map[string]int{
		`Invalid parameter "/2/groups/1": object does not exist, or you have no permissions to it.`:  1,
		`Invalid parameter "/3": the parameter "tls_psk_identity" is missing.`:                       2,
		`Invalid parameter "/2/macros/2/macro": incorrect syntax near "a".`:                          1,
		`Host with the same name "b" already exists.`:                                                1,
		`No default interface for "agent" type on "bb".`:                                             2,
		`Cannot find host interface on "b" for item key "system.cpu.util[,idle]".`:                   1,
		`Incorrect status for host "a".`:                                                             0,
		`Invalid parameter "/tags/1/tag": cannot be empty.`:                                          -1,
		`Invalid parameter "/4": no such element.`:                                                   -1,
		`Invalid parameter "/0": no such element.`:                                                   -1,
		`Incorrect interface port "99999" provided.`:                                                 -1,
		`Both "a" and "b" are named.`:                                                                -1,
		`No permissions to referred object or it does not exist!`:                                    -1,
		`SQL statement execution has failed "INSERT INTO hosts (hostid,host) VALUES ('10588','a')".`: -1,
		"": -1,
	} {
		at, end := culprit(said, hosts)
		if want < 0 && end != at || want >= 0 && (at != want || end != want+1) {
			t.Errorf("%s: %d to %d", said, at, end)
		}
	}
}
