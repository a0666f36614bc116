package zabbix

// Host is a host as Zabbix has it, by names wherever there are names.
type Host struct {
	ID          string // hostid
	Name        string // technical name ("host" in the API)
	VisibleName string // "name" in the API; equal to Name when nobody set one
	Description string
	Enabled     bool

	// Agent is the main agent interface; nil when the host has none.
	Agent *Interface
	// Others are the host's other interfaces, which are left alone.
	Others []Interface

	Templates []string // linked directly, by technical name, sorted
	Groups    []string // sorted
	Tags      []Tag    // in Zabbix's order, without the marks of this package
	Macros    []Macro  // by name
	// Inventory holds the keys that are not empty.
	Inventory     map[string]string
	InventoryMode InventoryMode
	Proxy         string // name; empty: the server itself, or a group
	ProxyGroup    string // name, from 7.0 on
	TLS           TLS

	// Discovered tells that a low-level discovery rule owns the host (flags 4).
	// Its groups and interfaces are read-only.
	Discovered bool
	// Maintenance names the active maintenance that the host is in; empty if
	// there is none.
	Maintenance string
	// Mark is what this package left on the host.
	Mark Mark
}

// Interface is one interface of a host.
type Interface struct {
	ID   string // interfaceid
	Type InterfaceType
	Main bool
	IP   string
	DNS  string
	Port string // a number, or a user macro
	Use  Use
	// Available is what Zabbix says of it: see Availability. Error is its text.
	Available Availability
	Error     string
	// Discovered tells that a discovery rule owns it: it is read-only.
	Discovered bool
}

// InterfaceType is the kind of an interface, with the API's numbers.
type InterfaceType int

// The types of interfaces (host interface object, API 6.0 to 7.4).
const (
	TypeAgent InterfaceType = 1
	TypeSNMP  InterfaceType = 2
	TypeIPMI  InterfaceType = 3
	TypeJMX   InterfaceType = 4
)

// Use says by what an interface is connected to.
type Use string

// The two ways.
const (
	UseIP  Use = "ip"
	UseDNS Use = "dns"
)

// Availability is an interface's availability, with the API's numbers.
type Availability int

// The availabilities. Zabbix reports Down a minute after the fact: until then
// an interface that does not work is Unknown.
const (
	AvailabilityUnknown Availability = 0
	Up                  Availability = 1
	Down                Availability = 2
)

// Tag is a tag of a host.
type Tag struct {
	Name, Value string
	// Automatic tells that a discovery rule owns it (from 6.4 on).
	Automatic bool
}

// Macro is a user macro of a host.
type Macro struct {
	ID          string // hostmacroid
	Name        string // with its context: {$PORT:"ssh"}
	Value       string // empty for a secret one: Zabbix never returns it
	Kind        MacroKind
	Description string
	// Automatic tells that a discovery rule owns it (from 6.4 on).
	Automatic bool
}

// MacroKind is the type of a macro, with the API's numbers.
type MacroKind int

// The kinds of macros.
const (
	MacroText   MacroKind = 0
	MacroSecret MacroKind = 1
	MacroVault  MacroKind = 2 // the value is a path and key in a vault
)

// InventoryMode is how a host's inventory is filled in, with the API's numbers.
type InventoryMode int

// The modes.
const (
	InventoryDisabled  InventoryMode = -1
	InventoryManual    InventoryMode = 0
	InventoryAutomatic InventoryMode = 1
)

// TLS is how agent and server protect their connection.
type TLS struct {
	Connect Encryption   // how the server connects to the agent
	Accept  []Encryption // what the server accepts from the agent
	// PSKIdentity is not a secret.
	PSKIdentity     string
	Issuer, Subject string // of the certificate
}

// Encryption is a kind of protection; its value is the API's bit.
type Encryption int

// The kinds, with the API's bits.
const (
	NoEncryption Encryption = 1
	PSK          Encryption = 2
	Certificate  Encryption = 4
)

// Mark is what this package writes on hosts, as tags, so that a later run knows
// them. No difference and no ownership concerns these tags.
type Mark struct {
	// Run is the id of the run that created the host (tag provision.run), and behind
	// a "#" what tells that creation from every other.
	Run string
	// BuriedName and BuriedObject are set on a host in the graveyard: its former
	// technical name and its object (tags provision.name, provision.object).
	BuriedName, BuriedObject string
}

// The tags that hold a Mark.
const (
	TagRun    = "provision.run"
	TagName   = "provision.name"
	TagObject = "provision.object"
)
