package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// providerSchema is the schema of the provider block.
func providerSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Plans and applies configurations of network devices, as the devices themselves compute the difference, and hosts in Zabbix.\n\n" +
			"Every setting can also come from the environment; the configuration wins, and an empty string counts as not set. " +
			"`PROVISION_RUN_ID`, `PROVISION_ACTOR` and `PROVISION_TRIGGER` (`demand`, `button`, `hook` or `schedule`) say in the events " +
			"who works and why; without them the run has an id of its own, the actor is the user of the system and the trigger `demand`.",
		Attributes: map[string]schema.Attribute{
			"credentials": credentialsAttribute(),
			"ssh":         sshAttribute(),
			"zabbix":      zabbixAttribute(),
			"netbox":      netboxAttribute(),
			"nautobot":    nautobotAttribute(),
			"inventory_file": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "YAML file of devices and virtual machines, the embedded source of truth: a map `devices` by name, each with `host` (the address that leads to it), " +
					"`ipv4`, `ipv6`, `oob`, `dns_name`, `port`, `driver`, `platform`, `vendor`, `model`, `site`, `location`, `role`, `tenant`, `cluster`, `status` " +
					"(`active` if not set), `tags`, `custom_fields`, `config_context`, `credentials`, and `config` " +
					"(a text) or `config_file` (a path; a relative one starts at the inventory file); and a map `virtual_machines` by name, each with the same but " +
					"`port`, `driver`, `vendor`, `model`, `credentials` and the configuration. Excludes `netbox` and `nautobot`. Environment: `PROVISION_INVENTORY_FILE`.",
			},
			"statuses": schema.ListAttribute{
				ElementType: types.StringType, Optional: true,
				MarkdownDescription: "Statuses of the source of truth that count as ready; a device with another one is an error. " +
					"Default: `active`, `planned`, `staged`. Environment: `PROVISION_STATUSES`, separated by commas.",
			},
			"drivers": schema.MapAttribute{
				ElementType: types.StringType, Optional: true,
				MarkdownDescription: "Which driver serves a platform of the source of truth, for devices that name no driver themselves. " +
					"No platform has a driver by default. Environment: `PROVISION_DRIVERS`, as `platform=driver`, separated by commas.",
			},
			"on_unreachable": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "What a plan does about a device in state that does not answer or is no longer ready: `error` (default) stops, " +
					"`skip` leaves it as it is with a warning, so that the others go on. Environment: `PROVISION_ON_UNREACHABLE`.",
			},
			"max_failures": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "After so many failed commits no further one starts in the same apply, so that a bad intent does not reach every device. " +
					"Default 1; 0 is no limit. Environment: `PROVISION_MAX_FAILURES`.",
			},
			"max_sessions": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "How many sessions to devices are open at once. Default 20; 0 is no limit. Terraform works on 10 devices at once " +
					"unless `-parallelism` says otherwise. Environment: `PROVISION_MAX_SESSIONS`.",
			},
			"redact": schema.ListAttribute{
				ElementType: types.StringType, Optional: true,
				MarkdownDescription: "Regular expressions (RE2) of what no diff, error or event may show, added to the drivers' own. Of a pattern with groups " +
					"each group is masked, of one without the whole match. Environment: `PROVISION_REDACT`, one a line.",
			},
			"events_file": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "File to which one JSON object a line is appended for each step of each run, without secrets. It is made with mode 0600; " +
					"several processes may share it. A line that cannot be written is a warning, never a failed apply. Environment: `PROVISION_EVENTS_FILE`.",
			},
			"backup_dir": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Directory that keeps what ran on a device before each commit, one file for each, with the device's name, the time (UTC) and " +
					"the run's id in its name. The files hold whole configurations with their secrets: mode 0600. Not set: no backups. " +
					"Environment: `PROVISION_BACKUP_DIR`.",
			},
			"backup_retention": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "How many backups of a device are kept; the oldest go. Default 10; 0 keeps all. " +
					"Environment: `PROVISION_BACKUP_RETENTION`.",
			},
		},
	}
}

// credentialsAttribute is the map of logins.
func credentialsAttribute() schema.Attribute {
	return schema.MapNestedAttribute{
		Optional: true,
		MarkdownDescription: "Logins by name. A device uses the entry that its resource names, else the one that the source of truth names, else one that is called like its " +
			"secrets group (Nautobot), its role or its platform, else `default`; " +
			"there are no default credentials. Each value also comes from the environment as `PROVISION_CREDENTIALS_<NAME>_<ATTRIBUTE>`, for example " +
			"`PROVISION_CREDENTIALS_DEFAULT_PASSWORD`: the name in capitals with `_` for everything but letters and digits. " +
			"An entry that is only in the environment has the name in small letters. Ephemeral values are welcome.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"username": schema.StringAttribute{Optional: true, MarkdownDescription: "User name."},
			"password": schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Password."},
			"private_key": schema.StringAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: "Private key as text in PEM or OpenSSH form, for example `file(\"~/.ssh/id_ed25519\")`.",
			},
			"passphrase": schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Passphrase of the private key."},
			"enable_password": schema.StringAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: "Password for the privileged mode, on devices that ask for one after the login.",
			},
			"jump_host": schema.StringAttribute{Optional: true, MarkdownDescription: "Entry of `ssh.jump_hosts` through which the devices are reached."},
			"port": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "TCP port of devices for which neither the resource nor the source of truth has one. Default: the driver's.",
			},
			"host_key": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "The only host key that is accepted: a line as in a `.pub` file (`ssh-ed25519 AAAA...`) or a fingerprint (`SHA256:...`). " +
					"It wins over `ssh.known_hosts`.",
			},
			"options": schema.MapAttribute{
				ElementType: types.StringType, Optional: true, Sensitive: true,
				MarkdownDescription: "Options of the driver; its page names them. Environment: `PROVISION_CREDENTIALS_<NAME>_OPTIONS`, as `key=value`, separated by commas.",
			},
		}},
	}
}

// sshAttribute is what all logins have in common.
func sshAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "What all SSH connections have in common.",
		Attributes: map[string]schema.Attribute{
			"known_hosts": schema.ListAttribute{
				ElementType: types.StringType, Optional: true,
				MarkdownDescription: "Files of known host keys as OpenSSH has them, hashed names and `@cert-authority` lines included. Without it " +
					"`~/.ssh/known_hosts` is used if it exists. A host key that is not known is never accepted. " +
					"Environment: `PROVISION_KNOWN_HOSTS`, separated as in `PATH`.",
			},
			"jump_hosts": schema.MapNestedAttribute{
				Optional: true,
				MarkdownDescription: "Hosts that lead to devices, by name; an entry of `credentials` says by `jump_host` that its devices are behind one. " +
					"Environment: `PROVISION_JUMP_HOSTS_<NAME>_<ATTRIBUTE>`.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"host": schema.StringAttribute{Optional: true, MarkdownDescription: "Address or DNS name. Needed here or in the environment."},
					"port": schema.Int64Attribute{Optional: true, MarkdownDescription: "TCP port. Default: that of the credentials, else 22."},
					"credentials": schema.StringAttribute{
						Optional: true, MarkdownDescription: "Entry of `credentials` that logs in to it. Default: `default`.",
					},
					"jump_host": schema.StringAttribute{Optional: true, MarkdownDescription: "The jump host before this one."},
				}},
			},
			"agent": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Whether the agent at `SSH_AUTH_SOCK` is asked for entries with neither key nor password. Default false. " +
					"Environment: `PROVISION_SSH_AGENT`.",
			},
			"connect_timeout": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Within what time a connection, with handshake and login, must be there. Default `15s`. " +
					"Environment: `PROVISION_SSH_CONNECT_TIMEOUT`.",
			},
			"command_timeout": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "How long one command on a device may take. Default `60s`. Environment: `PROVISION_SSH_COMMAND_TIMEOUT`.",
			},
			"keepalive": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "How often a sign of life is asked for; three without an answer end the connection. Default `15s`. " +
					"Environment: `PROVISION_SSH_KEEPALIVE`.",
			},
		},
	}
}
