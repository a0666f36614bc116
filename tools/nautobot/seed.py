"""What the tests need in a Nautobot: run inside nautobot-server shell.

The first part are the devices and virtual machines of inventorytest, which the
token of the suite sees and nothing else; then devices for Golden Config.
Environment: SEED_GIT (folder for git repositories), SEED_GIT_BASE (their address), SEED_TOKEN_*.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from nautobot.dcim.models import Device, DeviceType, Interface, Location, LocationType, Manufacturer, Platform
from nautobot.extras.datasources.git import ensure_git_repository
from nautobot.extras.models import (
    ConfigContext,
    CustomField,
    DynamicGroup,
    GitRepository,
    GraphQLQuery,
    Job,
    Role,
    Secret,
    SecretsGroup,
    SecretsGroupAssociation,
    Status,
    Tag,
)
from nautobot.ipam.models import IPAddress, Namespace, Prefix
from nautobot.tenancy.models import Tenant
from nautobot.users.models import ObjectPermission, Token
from nautobot.virtualization.models import Cluster, ClusterType, VirtualMachine, VMInterface
from nautobot_golden_config.models import GoldenConfig, GoldenConfigSetting

User = get_user_model()
GIT = Path(os.environ["SEED_GIT"])


def ensure(model, lookup, **values):
    """The object of `model` found by `lookup`, with `values` set; validated, so a bad seed fails here."""
    obj = model.objects.filter(**lookup).first() or model(**lookup)
    for name, value in values.items():
        setattr(obj, name, value)
    obj.validated_save()
    return obj


def types(*models):
    return [ContentType.objects.get_for_model(model) for model in models]


# ---- places, makers, platforms, roles
def status(name):
    obj = ensure(Status, {"name": name})
    obj.content_types.add(*types(Device, VirtualMachine))
    return obj


active, planned, failed = status("Active"), status("Planned"), status("Failed")
region_type = ensure(LocationType, {"name": "Region"}, nestable=True)
site_type = ensure(LocationType, {"name": "Site"}, parent=region_type)
hall_type = ensure(LocationType, {"name": "Hall"}, parent=site_type)
for kind in (site_type, hall_type):
    kind.content_types.set(types(Device, Cluster, Prefix))
europe = ensure(Location, {"name": "europe", "location_type": region_type}, status=active)
sites = {name: ensure(Location, {"name": name, "location_type": site_type}, status=active, parent=europe) for name in ("ams", "fra", "depot")}
hall = ensure(Location, {"name": "hall 1", "location_type": hall_type}, status=active, parent=sites["ams"])

maker = ensure(Manufacturer, {"name": "FRRouting"})
model = ensure(DeviceType, {"manufacturer": maker, "model": "virtual"}, u_height=0)
frr = ensure(Platform, {"name": "FRR on Linux"}, manufacturer=maker, network_driver="linux-frr")
netconf = ensure(Platform, {"name": "NETCONF"}, manufacturer=maker, network_driver="netconf-box")
debian = ensure(Platform, {"name": "debian"})
ops = ensure(Tenant, {"name": "ops"})
roles, tags = {}, {}
for name in ("edge", "core", "web", "spare"):
    roles[name] = ensure(Role, {"name": name})
    roles[name].content_types.set(types(Device, VirtualMachine))
for name in ("bgp", "prod", "web"):
    tags[name] = ensure(Tag, {"name": name})
    tags[name].content_types.set(types(Device, VirtualMachine))
clusters = {
    "c1": ensure(Cluster, {"name": "c1"}, cluster_type=ensure(ClusterType, {"name": "KVM"}), location=sites["ams"]),
    "c2": ensure(Cluster, {"name": "c2"}, cluster_type=ensure(ClusterType, {"name": "KVM"}), location=sites["fra"]),
    "nowhere": ensure(Cluster, {"name": "nowhere"}, cluster_type=ensure(ClusterType, {"name": "KVM"})),
}

for key, kind in (
    ("rack", "text"), ("floor", "integer"), ("height", "json"), ("no_zabbix", "boolean"), ("owner", "text"), ("empty", "text"),
    ("contacts", "json"), ("place", "json"), ("zabbix_hostid", "integer"),
):
    field = ensure(CustomField, {"key": key}, label=key, type=kind)
    field.content_types.set(types(Device, VirtualMachine))
FIELDS = {
    "rack": "A4", "floor": 3, "height": 1.5, "no_zabbix": True, "owner": None, "empty": "",
    "contacts": ["net", 7, {"name": "sys"}], "place": {"room": "R1"},
}

# ---- secrets: the value comes from the server's environment, as in production
secret = ensure(Secret, {"name": "lab secret"}, provider="environment-variable", parameters={"variable": "LAB_SECRET"})
secrets_group = ensure(SecretsGroup, {"name": "edge routers"})
ensure(SecretsGroupAssociation, {"secrets_group": secrets_group, "access_type": "Generic", "secret_type": "password"}, secret=secret)

# ---- addresses
namespace = Namespace.objects.get(name="Global")
for network, length in (("192.0.2.0", 24), ("2001:db8::", 32), ("127.0.0.0", 8)):
    ensure(Prefix, {"network": network, "prefix_length": length, "namespace": namespace}, status=active, type="network")


def address(host, dns_name=""):
    found = IPAddress.objects.filter(host=host, parent__namespace=namespace).first()
    obj = found or IPAddress(address=f"{host}/{128 if ':' in host else 32}", namespace=namespace)
    obj.status, obj.dns_name = active, dns_name
    obj.validated_save()
    return obj


def give(obj, interface, ip4, ip6, dns_name, dns_name6=""):
    for host, family, name in ((ip4, "primary_ip4", dns_name), (ip6, "primary_ip6", dns_name6)):
        if host:
            ip = address(host, name)
            if not interface.ip_addresses.filter(pk=ip.pk).exists():
                interface.add_ip_addresses(ip)
            setattr(obj, family, ip)


def device(name, role="spare", site=sites["depot"], state=active, platform=None, ip4=None, ip6=None, dns_name="", dns_name6="", cf=None, tag=(), **extra):
    lookup = {"name": name, "location": site}
    obj = ensure(Device, lookup, device_type=model, role=roles[role], status=state, platform=platform, **extra)
    obj.cf.update(cf or {})
    obj.tags.set([tags[t] for t in tag])
    port = ensure(Interface, {"device": obj, "name": "eth0"}, type="1000base-t", status=active, description=f"port of {name}")
    give(obj, port, ip4, ip6, dns_name, dns_name6)
    obj.validated_save()
    return obj


def machine(name, cluster, state=active, role=None, platform=None, ip4=None, dns_name="", cf=None, tag=()):
    obj = ensure(VirtualMachine, {"name": name}, cluster=cluster, status=state, role=role, platform=platform)
    obj.cf.update(cf or {})
    obj.tags.set([tags[t] for t in tag])
    port = ensure(VMInterface, {"virtual_machine": obj, "name": "eth0"}, status=active)
    give(obj, port, ip4, None, dns_name)
    obj.validated_save()
    return obj


# ---- the suite's
edge1 = device(
    "ams-edge1", "edge", hall, active, frr, ip4="192.0.2.1", dns_name="ams-edge1.example.net", cf=FIELDS, tag=("bgp", "prod"),
    tenant=ops, secrets_group=secrets_group,
    local_config_context_data={"ntp": ["192.0.2.123"], "zabbix": {"templates": ["Linux by Zabbix agent"]}},
)
edge1.clusters.set([clusters["c1"]])
device(
    "ams-core1", "core", sites["ams"], planned, netconf, ip4="192.0.2.2", ip6="2001:db8::2",
    dns_name="core1-v4.example.net", dns_name6="core1.example.net", tag=("prod",),
)
device("fra-edge1", "edge", sites["fra"], failed, frr, ip6="2001:db8::3")
device("spare")
device("twin", "spare", sites["ams"], ip4="192.0.2.11")
device("twin", "spare", sites["fra"], ip4="192.0.2.12")
machine("ams-edge1", clusters["c1"], role=roles["web"], platform=debian, ip4="192.0.2.80", dns_name="web.example.net", cf=FIELDS, tag=("prod", "web"))
machine("db1", clusters["c2"], planned)
machine("idle", clusters["nowhere"])
SUITE_DEVICES = ["ams-edge1", "ams-core1", "fra-edge1", "spare", "twin"]
SUITE_MACHINES = ["ams-edge1", "db1", "idle"]

# ---- for Golden Config
device("golden1", "edge", sites["ams"], platform=frr, ip4="192.0.2.21")
device("golden2", "edge", sites["ams"], platform=frr, ip4="192.0.2.22")
device("secret1", "edge", sites["ams"], platform=frr, ip4="192.0.2.23", secrets_group=secrets_group)
device("stale1", "edge", sites["ams"], platform=frr, ip4="192.0.2.24")
device("failed1", "edge", sites["ams"], platform=frr, ip4="192.0.2.25")
device("broken1", "edge", sites["ams"], platform=frr, ip4="192.0.2.26")
device("zürich-1", "edge", sites["fra"], platform=frr, ip4="192.0.2.27")

# ---- users
def user(name, token, **flags):
    obj, _ = User.objects.get_or_create(username=name, defaults={"email": f"{name}@localhost"})
    for flag, value in flags.items():
        setattr(obj, flag, value)
    obj.set_password(name)
    obj.save()
    Token.objects.get_or_create(key=os.environ[token], defaults={"user": obj, "write_enabled": flags.get("is_superuser", False)})
    return obj


def allow(name, who, models, constraints=None):
    permission, _ = ObjectPermission.objects.get_or_create(name=name, defaults={"actions": ["view"], "constraints": constraints})
    permission.object_types.set(models)
    permission.users.set(who)


user("admin", "SEED_TOKEN_ADMIN", is_superuser=True, is_staff=True)
readonly, suite = user("readonly", "SEED_TOKEN_READONLY"), user("suite", "SEED_TOKEN_SUITE")
limited = user("limited", "SEED_TOKEN_LIMITED")
user("nobody", "SEED_TOKEN_NONE")
apps = ("dcim", "extras", "ipam", "tenancy", "virtualization", "nautobot_golden_config")
everything = ContentType.objects.filter(app_label__in=apps)
allow("read everything", [readonly], everything)
rest = everything.exclude(pk__in=[t.pk for t in types(Device, VirtualMachine)])
allow("read what the suite refers to", [suite], rest)
allow("the suite's devices", [suite], types(Device), {"name__in": SUITE_DEVICES})
allow("the suite's machines", [suite], types(VirtualMachine), {"name__in": SUITE_MACHINES})
allow("bare objects", [limited], types(Device, VirtualMachine, Status, Role, Location, LocationType, DeviceType, Manufacturer, GoldenConfig))

# ---- git: templates (main, an unmerged branch, a broken one), and a repository for what is rendered
TEMPLATE = """\
hostname {{ hostname }}
{% if role and role.name == "core" %}
! core
{% endif %}
{% for interface in interfaces | default([]) %}
{% if hostname != "ams-edge1" %}
interface {{ interface.name }}
 description {{ interface.description }}
exit
{% endif %}
{% endfor %}
{% if hostname == "secret1" %}
{% raw %}password {{ secrets_group["name"] | get_secret_by_secret_group_name("password") }}{% endraw %}

{% endif %}
{% if hostname == "broken1" %}
{{ nothing.at_all }}
{% endif %}
"""
BRANCHES = {
    "feature/logging": TEMPLATE + "log syslog\n",
    "broken": "hostname {{ hostname }}\n{{ missing.value }}\n",
    "syntax": "hostname {{ hostname\n",
}


def git(*args, cwd):
    subprocess.run(["git", *args], cwd=cwd, check=True, stdout=subprocess.DEVNULL)


def bare(name, branches):
    path = GIT / f"{name}.git"
    if not (path / "HEAD").exists():
        path.mkdir(parents=True)
        git("init", "-q", "--bare", "-b", "main", ".", cwd=path)
        with tempfile.TemporaryDirectory() as work:
            git("init", "-q", "-b", "main", ".", cwd=work)
            for branch, files in branches.items():
                if branch != "main":
                    git("checkout", "-q", "-b", branch, "main", cwd=work)
                for file, text in files.items():
                    (Path(work) / file).write_text(text)
                git("add", "-A", cwd=work)
                git("commit", "-q", "-m", f"seed of {branch}", cwd=work)
            git("push", "-q", "--all", str(path), cwd=work)
    return os.environ["SEED_GIT_BASE"] + f"{name}.git"


def repository(name, slug, url, contents):
    # Not validated_save(): the model accepts http and https only.
    obj = GitRepository.objects.filter(slug=slug).first() or GitRepository(slug=slug)
    obj.name, obj.remote_url, obj.branch, obj.provided_contents = name, url, "main", contents
    obj.save()
    ensure_git_repository(obj)
    return obj


files = {branch: {"linux-frr.j2": text, "netconf-box.j2": "{# nothing #}"} for branch, text in {"main": TEMPLATE, **BRANCHES}.items()}
templates = repository("Templates", "templates", bare("templates", files), ["nautobot_golden_config.jinjatemplate"])
intended = repository("Intended", "intended", bare("intended", {"main": {"README.md": "rendered\n"}}), ["nautobot_golden_config.intendedconfigs"])

# Golden Config keeps "name" for itself: {{ name }} is undefined in a template.
QUERY = """\
query ($device_id: ID!) {
  device(id: $device_id) {
    hostname: name
    config_context
    role { name }
    platform { name network_driver }
    primary_ip4 { address dns_name }
    tags { name }
    secrets_group { name }
    interfaces { name description ip_addresses { address } }
  }
}
"""
query = ensure(GraphQLQuery, {"name": "intended data"}, query=QUERY)
in_scope = ["ams-edge1", "golden1", "golden2", "secret1", "stale1", "failed1", "broken1"]
group = ensure(DynamicGroup, {"name": "golden config"}, content_type=ContentType.objects.get_for_model(Device), filter={"name": in_scope})
group.update_cached_members()
# The app's migrations may have made a setting that covers every device.
GoldenConfigSetting.objects.exclude(slug="lab").delete()
ensure(
    GoldenConfigSetting, {"slug": "lab"}, name="Lab", weight=5000, dynamic_group=group, sot_agg_query=query,
    jinja_repository=templates, jinja_path_template="{{ obj.platform.network_driver }}.j2",
    intended_repository=intended, intended_path_template="{{ obj.location.name | slugify }}/{{ obj.name }}.cfg",
    backup_test_connectivity=False,
)
for job in Job.objects.filter(module_name="nautobot_golden_config.jobs"):
    job.enabled = True
    job.save()

# The Intended job, here and now instead of by a worker. broken1 fails in it.
call_command("runjob", "nautobot_golden_config.jobs.IntendedJob", username="admin", local=True, data="{}")
stored = {g.device.name: g for g in GoldenConfig.objects.all()}
print("stored:", {name: (g.intended_config, g.intended_last_attempt_date, g.intended_last_success_date) for name, g in stored.items()})
if not stored["golden1"].intended_config or stored["broken1"].intended_config:
    raise SystemExit("the Intended job stored something else than it should")
# As failed runs leave them: one after a success, one without.
stale = stored["stale1"]
GoldenConfig.objects.filter(pk=stale.pk).update(intended_last_attempt_date=stale.intended_last_success_date.replace(year=stale.intended_last_success_date.year + 1))
GoldenConfig.objects.filter(pk=stored["failed1"].pk).update(intended_config="", intended_last_success_date=None)
print("seeded:", Device.objects.count(), "devices,", VirtualMachine.objects.count(), "virtual machines")
