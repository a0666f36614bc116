// Package mapping says how an object of the source of truth is monitored: rules
// that match its site, role and platform give templates, host groups and a
// proxy; settings give tags and inventory. Every value of a result says where
// it comes from.
package mapping

// Kind is the kind of an object.
type Kind string

// The kinds; each has a table of rules of its own.
const (
	Device         Kind = "device"
	VirtualMachine Kind = "virtual_machine"
)

// Object is what rules and paths see of a device or virtual machine.
type Object struct {
	Kind                 Kind
	ID, Name             string
	Site, Role, Platform string
	Cluster              string // of a virtual machine
	Tags                 []string
	// Interface is the type of the interface that is monitored: "agent" here.
	Interface string
	// Values are everything that a path such as "custom_fields.rack" can lead
	// to: maps by string, lists, texts, numbers, truths, nil.
	Values map[string]any
}

// Config is a set of rules and settings. [Decode] makes one.
type Config struct {
	Devices, VirtualMachines []Rule
	// Merge lays all matching rules over each other, the general ones first;
	// without it the one that matches in most dimensions gives everything.
	Merge     bool
	Tags      TagSettings
	Inventory []InventoryPath
	Exclude   Exclusion
}

// Rule is one row of a table. One of each table, and only one, is the default:
// it has no dimensions. Every other has at least one.
type Rule struct {
	Name    string
	Default bool

	Sites, Roles, Platforms []string
	// Interface is "any", "agent" or "snmp".
	Interface string

	Templates, HostGroups []string
	Proxy, ProxyGroup     string
}

// TagSettings say which tags an object's host gets.
type TagSettings struct {
	Prefix string
	// Case is applied to the name with its prefix: "", "lower" or "upper".
	Case string
	// Default is the name of the tag whose value is the object's id; empty: none.
	Default string
	// Tags are those of the object's own tags that become tags of the host.
	Tags []string
	// Values are names of tags with the paths of their values, in order of name.
	Values []TagPath
}

// TagPath is a tag whose value is at a path of the object.
type TagPath struct{ Name, Path string }

// InventoryPath is an inventory key with the paths of its value: the first that
// leads to something gives it.
type InventoryPath struct {
	Key   string
	Paths []string
}

// Exclusion leaves objects out whose custom field is true.
type Exclusion struct{ CustomField string }

// Result is what the rules give for an object.
type Result struct {
	// Excluded tells why the object is left out; empty when it is not.
	Excluded string
	// Rules are the names of the rules that gave it, the general ones first.
	Rules []string

	Templates, HostGroups []Assigned
	Proxy, ProxyGroup     Assigned
	Tags                  []AssignedTag
	Inventory             []AssignedKey
}

// Assigned is a name and where it comes from, such as `rule "core routers"`.
type Assigned struct{ Name, From string }

// AssignedTag is a tag and where it comes from.
type AssignedTag struct{ Name, Value, From string }

// AssignedKey is an inventory value and where it comes from.
type AssignedKey struct{ Key, Value, From string }
