package frr_test

import (
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/device/devicetest"
)

// routerConf is the configuration with which tools/lab/lab.sh starts r3 of
// three routers, but for its name and management address.
func routerConf(name, mgmt string) string {
	return strings.NewReplacer("NAME", name, "MGMT", mgmt).Replace(`frr version 8.4.4
frr defaults traditional
hostname NAME
log file /var/log/frr/frr.log informational
no ipv6 forwarding
service integrated-vtysh-config
!
ip route 203.0.113.0/24 Null0
!
interface eth1
 description to-r1
 ip address 10.1.0.13/30
 ip ospf area 0.0.0.0
 ip ospf dead-interval 4
 ip ospf hello-interval 1
 ip ospf network point-to-point
 ip ospf retransmit-interval 1
exit
!
interface eth2
 description to-r2
 ip address 10.1.0.10/30
 ip ospf area 0.0.0.0
 ip ospf dead-interval 4
 ip ospf hello-interval 1
 ip ospf network point-to-point
 ip ospf retransmit-interval 1
exit
!
interface lo
 ip address 10.0.0.4/32
 ip ospf area 0.0.0.0
exit
!
interface mgmt0
 description management
 ip address MGMT/16
exit
!
router bgp 64514
 bgp router-id 10.0.0.4
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor 10.1.0.9 remote-as 64513
 neighbor 10.1.0.9 description r2
 neighbor 10.1.0.9 timers 3 9
 neighbor 10.1.0.9 timers connect 1
 neighbor 10.1.0.14 remote-as 64512
 neighbor 10.1.0.14 description r1
 neighbor 10.1.0.14 timers 3 9
 neighbor 10.1.0.14 timers connect 1
 !
 address-family ipv4 unicast
  network 172.20.3.0/24
 exit-address-family
exit
!
router ospf
 ospf router-id 10.0.0.4
exit
!
end
`)
}

// fixture are the suite's configurations for a router that runs base.
func fixture(base, mgmt string) devicetest.Fixture {
	const extra, added = "ip route 203.0.113.0/24 Null0", "ip route 198.51.100.0/24 Null0"
	withPassword := func(p string) string {
		return "router bgp 64514\n neighbor 10.1.0.9 password " + p + "\nexit\n"
	}
	return devicetest.Fixture{
		Base:        base,
		Merge:       added + "\n!\nrouter bgp 64514\n address-family ipv4 unicast\n  network 172.21.3.0/24\n exit-address-family\nexit\n",
		Replace:     strings.Replace(base, extra, added, 1),
		Extra:       extra,
		Added:       added,
		ByHand:      "ip route 192.0.2.0/24 Null0",
		Bad:         "ip route 198.51.100.0/24 Null0\nneighbour of mine\n",
		CutOff:      "interface mgmt0\n no ip address " + mgmt + "/16\nexit\n",
		Secret:      "hunter2-hunter2",
		WithSecret:  withPassword("hunter2-hunter2"),
		OtherSecret: withPassword("correct-horse"),
		// A neighbor's password outside of "router bgp".
		SecretRefused: []string{"ip route 198.51.100.0/24 Null0\nneighbor 10.1.0.9 password hunter2-hunter2\n"},
		Empty:         "! nothing\n!\n# but comments\n",
	}
}
