package provider

import "github.com/hashicorp/terraform-plugin-framework/types"

// model is the provider block.
type model struct {
	Credentials     types.Map    `tfsdk:"credentials"`
	SSH             types.Object `tfsdk:"ssh"`
	InventoryFile   types.String `tfsdk:"inventory_file"`
	Statuses        types.List   `tfsdk:"statuses"`
	Drivers         types.Map    `tfsdk:"drivers"`
	OnUnreachable   types.String `tfsdk:"on_unreachable"`
	MaxFailures     types.Int64  `tfsdk:"max_failures"`
	MaxSessions     types.Int64  `tfsdk:"max_sessions"`
	Redact          types.List   `tfsdk:"redact"`
	EventsFile      types.String `tfsdk:"events_file"`
	BackupDir       types.String `tfsdk:"backup_dir"`
	BackupRetention types.Int64  `tfsdk:"backup_retention"`
}

// credentialModel is an entry of credentials.
type credentialModel struct {
	Username       types.String `tfsdk:"username"`
	Password       types.String `tfsdk:"password"`
	PrivateKey     types.String `tfsdk:"private_key"`
	Passphrase     types.String `tfsdk:"passphrase"`
	EnablePassword types.String `tfsdk:"enable_password"`
	JumpHost       types.String `tfsdk:"jump_host"`
	Port           types.Int64  `tfsdk:"port"`
	HostKey        types.String `tfsdk:"host_key"`
	Options        types.Map    `tfsdk:"options"`
}

// sshModel is the block's ssh.
type sshModel struct {
	KnownHosts     types.List   `tfsdk:"known_hosts"`
	JumpHosts      types.Map    `tfsdk:"jump_hosts"`
	Agent          types.Bool   `tfsdk:"agent"`
	ConnectTimeout types.String `tfsdk:"connect_timeout"`
	CommandTimeout types.String `tfsdk:"command_timeout"`
	Keepalive      types.String `tfsdk:"keepalive"`
}

// jumpHostModel is an entry of ssh.jump_hosts.
type jumpHostModel struct {
	Host        types.String `tfsdk:"host"`
	Port        types.Int64  `tfsdk:"port"`
	Credentials types.String `tfsdk:"credentials"`
	JumpHost    types.String `tfsdk:"jump_host"`
}
