package zabbix

// Intent is what a host shall be. It implements provision.Intent. A nil field
// is not managed: what Zabbix has there stays.
type Intent struct {
	// ID is the hostid from the state; empty when the host shall be made,
	// adopted or dug up.
	ID string
	// Name is the technical name. With an ID and another name the host is
	// renamed in place.
	Name string
	// Object is the id of the object in the source of truth, with its kind
	// ("device:42"); Name where there is no object. It tells buried hosts apart.
	Object string

	VisibleName *string // "" is the technical name
	Description *string
	Enabled     *bool
	Agent       *Interface // Type, Main, ID and Available are not looked at

	Templates     *[]string
	Groups        *[]string
	Tags          *[]Tag
	Macros        *[]Macro // without secret ones
	Secrets       *[]Secret
	Inventory     *map[string]string
	InventoryMode *InventoryMode
	Proxy         *Proxy
	TLS           *TLS
	// PSK is the key of TLS, in hexadecimal digits; nil leaves the key that
	// Zabbix has. It is sent when RenewPSK is set, and when the host is made or
	// dug up.
	PSK *string
	// RenewPSK tells that the key or its identity is not the one of the last
	// apply: neither can be read.
	RenewPSK bool

	// Ours is what the last apply put there: what of it is no longer wanted is
	// removed in additive fields. Nil when there was none.
	Ours *Ours
	// Exclusive are the fields in which only what is intended may stay.
	Exclusive map[Field]bool

	// Adopt takes over a host of that name that exists.
	Adopt bool
	// Clear has templates that go take their items with them.
	Clear bool
	// CreateGroups allows to make host groups that do not exist.
	CreateGroups bool
	// Graveyard is where buried hosts lie; also for digging up.
	Graveyard Graveyard
	// NoRevival keeps what this process buried from being dug up: a replacement
	// makes a new host.
	NoRevival bool

	// Destroy says what becomes of the host instead; empty for a host that
	// shall be.
	Destroy Destroy
	// Run is the id of this run, for the mark.
	Run string

	// Told is given what staging found out beside the difference, each time that
	// the intent is staged; nil for nobody.
	Told func(Summary)
	// Saw is given the host each time that it is read back after a commit, also
	// as Zabbix gives it back with a write, nil when it is not there; the last one
	// is what the run left. Nil for nobody.
	Saw func(*Host)
}

// saw tells how the host is after a commit.
func (in *Intent) saw(h *Host) {
	if in.Saw != nil {
		in.Saw(h)
	}
}

// Secret is a macro whose value is secret.
type Secret struct {
	Name, Value, Description string
	// Renew tells that the value is not the one of the last apply: it is sent.
	// A secret that Zabbix lacks is sent anyway.
	Renew bool
}

// Proxy says who monitors a host; both names empty: the server itself.
type Proxy struct{ Name, Group string }

// Ours is what an earlier apply put into the additive fields.
type Ours struct {
	Templates, Groups []string
	Tags              []Tag
	Macros, Secrets   []string // names
	Inventory         []string // keys
}

// Field names a field in which ownership matters; also the header of its hunk
// in a difference.
type Field string

// The fields with ownership.
const (
	FieldTemplates Field = "templates"
	FieldGroups    Field = "host_groups"
	FieldTags      Field = "tags"
	FieldMacros    Field = "macros"
	FieldInventory Field = "inventory"
)

// Graveyard is where hosts go that are no longer wanted but whose history is.
type Graveyard struct {
	Group  string // a host group, made when it is missing
	Suffix string // of the technical name
}

// Destroy is what becomes of a host that is no longer wanted.
type Destroy string

// What can become of it.
const (
	DestroyBury    Destroy = "graveyard"
	DestroyDisable Destroy = "disable"
	DestroyKeep    Destroy = "keep" // forget it: never connects
	DestroyDelete  Destroy = "delete"
)
