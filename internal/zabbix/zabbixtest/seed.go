package zabbixtest

// The templates of the seed. Of those that a fresh Zabbix has they keep the
// names and a few items; the last two are there for what a fresh one has no
// example of.
const (
	// LinuxAgent has agent items and triggers.
	LinuxAgent = "Linux by Zabbix agent"
	// ICMPPing has simple checks only.
	ICMPPing = "ICMP Ping"
	// GenericSNMP has SNMP items.
	GenericSNMP = "Generic by SNMP"
	// EdgeRouter is linked to ICMPPing and has SNMP items.
	EdgeRouter = "Edge router by SNMP"
	// RoutingDaemon has a trigger that depends on one of LinuxAgent.
	RoutingDaemon = "Routing daemon by Zabbix agent"
)

func seededTemplates() []Template {
	return []Template{
		{Name: ICMPPing, Groups: []string{"Templates/Network devices"}, Items: []Item{
			{Key: "icmpping", Type: 3}, {Key: "icmppingloss", Type: 3}, {Key: "icmppingsec", Type: 3},
		}, Triggers: []Trigger{{Name: "ICMP: Unavailable by ICMP ping"}}},
		{Name: LinuxAgent, Groups: []string{"Templates/Operating systems"}, Items: []Item{
			{Key: "agent.ping", Name: "Zabbix agent ping"},
			{Key: "agent.hostname"},
			{Key: "system.uptime"},
			{Key: "system.cpu.load[all,avg1]"},
			{Key: "vm.memory.size[available]"},
		}, Triggers: []Trigger{{Name: "Linux: Zabbix agent is not available"}, {Name: "Linux: {HOST.NAME} has been restarted"}}},
		{Name: GenericSNMP, Groups: []string{"Templates/Network devices"}, Items: []Item{
			{Key: "system.name", Type: 20}, {Key: "system.descr", Type: 20}, {Key: "zabbix[host,snmp,available]", Type: 5},
		}, Triggers: []Trigger{{Name: "Generic SNMP: No SNMP data collection"}}},
		{Name: EdgeRouter, Groups: []string{"Templates/Network devices"}, Parents: []string{ICMPPing}, Items: []Item{
			{Key: "bgp.peers", Type: 20}, {Key: "chassis.temperature", Type: 20},
		}, Triggers: []Trigger{{Name: "Edge router: no BGP peers"}}},
		{Name: RoutingDaemon, Groups: []string{"Templates/Applications"}, Items: []Item{{Key: "proc.num[bgpd]"}}, Triggers: []Trigger{
			{Name: "Routing daemon is down", DependsOn: []Dependency{{LinuxAgent, "Linux: Zabbix agent is not available"}}},
		}},
	}
}

// seed makes what a fresh Zabbix has.
func seed(st *state, empty bool) error {
	seedUsers(st)
	for id, name := range map[int]string{
		2: "Linux servers", 4: "Zabbix servers", 5: "Discovered hosts", 6: "Virtual machines", 7: "Hypervisors",
	} {
		st.groups[id] = &group{id: id, name: name, uuid: newSecret(16)}
	}
	for id, name := range map[int]string{
		1: "Templates", 9: "Templates/Network devices", 10: "Templates/Operating systems", 12: "Templates/Applications",
	} {
		st.groups[id] = &group{id: id, name: name, template: st.dialect.templateGroups, uuid: newSecret(16)}
	}
	if empty {
		return nil
	}
	for _, t := range seededTemplates() {
		if _, err := st.addTemplate(t); err != nil {
			return err
		}
	}
	st.undo = nil
	return nil
}
