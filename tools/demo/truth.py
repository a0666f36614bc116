#!/usr/bin/env python3
"""truth: the demo's source of truth, NetBox or Nautobot, past the provider.

  truth fill                   the demo's devices and its virtual machine
  truth tell                   the intended configurations of configs/
  truth edit NAME OLD NEW      replaces a text in the intended configuration of a device
  truth show NAME              the intended configuration of a device
  truth journal NAME           what was written back to a device, newest last

TRUTH is netbox or nautobot, TRUTH_URL and TRUTH_TOKEN say how to get in.
"""
import datetime
import json
import os
import pathlib
import sys
import urllib.error
import urllib.parse
import urllib.request

KIND, URL, TOKEN = (os.environ[n] for n in ("TRUTH", "TRUTH_URL", "TRUTH_TOKEN"))
# Where the lab's devices are behind its jump host, and what they are.
DEVICES = {"r1": ("198.18.1.2", "frr"), "r2": ("198.18.1.3", "frr"), "r3": ("198.18.1.4", "frr"), "n1": ("198.18.100.1", "netconf")}


def call(method, path, body=None):
    """A request to the REST API; an error of the server ends the program."""
    auth = ("Bearer " if TOKEN.startswith("nbt_") else "Token ") + TOKEN
    request = urllib.request.Request(
        URL + "/api/" + path, None if body is None else json.dumps(body).encode(), method=method,
        headers={"Authorization": auth, "Content-Type": "application/json", "Accept": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=120) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as e:
        sys.exit("truth: %s %s: %s %s" % (method, path, e.code, e.read().decode()[:500]))


def found(path, **find):
    """The objects that a filter finds."""
    return call("GET", path + "?" + urllib.parse.urlencode(find, doseq=True))["results"]


def ensure(path, find, **body):
    """The id of the object that `find` finds, made of find and body if there is none."""
    have = found(path, **find)
    return (have[0] if have else call("POST", path, {**find, **body}))["id"]


class NetBox:
    """The intended configuration is a text in the device's local context; its
    config template gives it as it is."""

    def fill(self):
        fields = ["dcim.device", "virtualization.virtualmachine"]
        ensure("extras/custom-fields/", {"name": "rack"}, type="text", object_types=fields)
        ensure("extras/custom-fields/", {"name": "zabbix_hostid"}, type="integer", object_types=fields)
        template = ensure("extras/config-templates/", {"name": "intent of the demo"}, template_code="{{ intended }}")
        maker = ensure("dcim/manufacturers/", {"slug": "lab"}, name="lab")
        kind = ensure("dcim/device-types/", {"slug": "lab"}, model="lab", manufacturer=maker)
        site = ensure("dcim/sites/", {"slug": "ring"}, name="ring")
        role = ensure("dcim/device-roles/", {"slug": "lab"}, name="lab")
        for name, (host, platform) in DEVICES.items():
            device = ensure("dcim/devices/", {"name": name}, site=site, role=role, device_type=kind, config_template=template,
                            platform=ensure("dcim/platforms/", {"slug": platform}, name=platform), status="active")
            port = ensure("dcim/interfaces/", {"device_id": device, "name": "mgmt0"}, device=device, type="virtual")
            address = ensure("ipam/ip-addresses/", {"address": host + "/16"}, assigned_object_type="dcim.interface", assigned_object_id=port)
            call("PATCH", "dcim/devices/%s/" % device, {"primary_ip4": address, "custom_fields": {"rack": "A7" if name == "r1" else None}})
        cluster = ensure("virtualization/clusters/", {"name": "rack-a"}, scope_type="dcim.site", scope_id=site,
                         type=ensure("virtualization/cluster-types/", {"slug": "lab"}, name="lab"))
        vm = ensure("virtualization/virtual-machines/", {"name": "web1"}, cluster=cluster, site=site, status="active")
        port = ensure("virtualization/interfaces/", {"virtual_machine_id": vm, "name": "eth0"}, virtual_machine=vm)
        address = ensure("ipam/ip-addresses/", {"address": "127.0.0.1/32"}, assigned_object_type="virtualization.vminterface", assigned_object_id=port)
        call("PATCH", "virtualization/virtual-machines/%s/" % vm, {"primary_ip4": address})

    def device(self, name):
        return found("dcim/devices/", name=name)[0]

    def show(self, name):
        return (self.device(name)["local_context_data"] or {}).get("intended", "")

    def tell(self, name, text):
        call("PATCH", "dcim/devices/%s/" % self.device(name)["id"], {"local_context_data": {"intended": text}})

    def journal(self, name):
        entries = found("extras/journal-entries/", assigned_object_type="dcim.device", assigned_object_id=self.device(name)["id"], ordering="id")
        return [e["comments"] for e in entries]


class Nautobot:
    """The intended configuration is what Golden Config would have stored."""

    def fill(self):
        active = found("extras/statuses/", name="Active")[0]["id"]
        types = ["dcim.device", "virtualization.virtualmachine"]
        site_type = ensure("dcim/location-types/", {"name": "Site"}, content_types=["dcim.device", "virtualization.cluster"])
        parent = found("dcim/location-types/", name="Site")[0]["parent"]
        above = {"parent": found("dcim/locations/", location_type=parent["id"])[0]["id"]} if parent else {}
        site = ensure("dcim/locations/", {"name": "ring"}, location_type=site_type, status=active, **above)
        role = ensure("extras/roles/", {"name": "edge"}, content_types=types)
        maker = ensure("dcim/manufacturers/", {"name": "lab"})
        kind = ensure("dcim/device-types/", {"model": "lab"}, manufacturer=maker)
        space = found("ipam/namespaces/", name="Global")[0]["id"]
        for prefix in ("198.18.0.0/16", "127.0.0.0/8"):
            ensure("ipam/prefixes/", {"prefix": prefix}, status=active, namespace=space, type="network")
        group = found("extras/dynamic-groups/", name="golden config")[0]
        call("PATCH", "extras/dynamic-groups/%s/" % group["id"], {"filter": {"name": sorted({*group["filter"]["name"], *DEVICES})}})
        for name, (host, platform) in DEVICES.items():
            driver = ensure("dcim/platforms/", {"name": platform}, network_driver=platform)
            device = ensure("dcim/devices/", {"name": name}, location=site, role=role, device_type=kind, platform=driver, status=active)
            port = ensure("dcim/interfaces/", {"device": device, "name": "mgmt0"}, type="virtual", status=active)
            self.address("dcim/devices/", device, "interface", port, host + "/16", active, space)
            call("PATCH", "dcim/devices/%s/" % device, {"custom_fields": {"rack": "A7" if name == "r1" else None}})
        cluster = ensure("virtualization/clusters/", {"name": "rack-a"}, location=site,
                         cluster_type=ensure("virtualization/cluster-types/", {"name": "lab"}))
        vm = ensure("virtualization/virtual-machines/", {"name": "web1"}, cluster=cluster, status=active)
        port = ensure("virtualization/interfaces/", {"virtual_machine": vm, "name": "eth0"}, status=active)
        self.address("virtualization/virtual-machines/", vm, "vm_interface", port, "127.0.0.1/32", active, space)

    def address(self, path, owner, field, port, address, active, space):
        ip = ensure("ipam/ip-addresses/", {"address": address}, status=active, namespace=space)
        ensure("ipam/ip-address-to-interface/", {"ip_address": ip, field: port})
        call("PATCH", "%s%s/" % (path, owner), {"primary_ip4": ip})

    def device(self, name):
        return found("dcim/devices/", name=name)[0]

    def row(self, name):
        device = self.device(name)["id"]
        have = found("plugins/golden-config/golden-config/", device=device)
        return have[0] if have else call("POST", "plugins/golden-config/golden-config/", {"device": device})

    def show(self, name):
        return self.row(name)["intended_config"]

    def tell(self, name, text):
        now = datetime.datetime.now(datetime.timezone.utc).isoformat()
        call("PATCH", "plugins/golden-config/golden-config/%s/" % self.row(name)["id"],
             {"intended_config": text, "intended_last_attempt_date": now, "intended_last_success_date": now})

    def journal(self, name):
        notes = call("GET", "dcim/devices/%s/notes/" % self.device(name)["id"])["results"]
        return [n["note"] for n in sorted(notes, key=lambda n: n["created"])]


def tell(truth):
    """Tells the source what has changed in configs/."""
    for name in DEVICES:
        text = next(pathlib.Path("configs").glob(name + ".*[!d]")).read_text()
        if truth.show(name).strip() != text.strip():
            truth.tell(name, text)


def main():
    truth = {"netbox": NetBox, "nautobot": Nautobot}[KIND]()
    match sys.argv[1:]:
        case ["fill"]:
            truth.fill()
        case ["tell"]:
            tell(truth)
        case ["show", name]:
            print(truth.show(name))
        case ["journal", name]:
            print("\n".join(truth.journal(name)))
        case ["edit", name, old, new]:
            text = truth.show(name)
            if old not in text:
                sys.exit("truth: the configuration of %s has no %r" % (name, old))
            truth.tell(name, text.replace(old, new))
        case _:
            sys.exit(__doc__)


main()
