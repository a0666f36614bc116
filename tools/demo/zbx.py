#!/usr/bin/env python3
"""zbx: a look at the demo's Zabbix, and changes by hand, past the provider.

  zbx hosts                    every host that is not Zabbix's own
  zbx set HOST JSON            host.update with these parameters
  zbx values HOST              how many values its items have in the history

The address is in ZABBIX_URL, the login is that of a fresh Zabbix.
"""
import json
import os
import sys
import urllib.request

URL = os.environ["ZABBIX_URL"].rstrip("/") + "/api_jsonrpc.php"
TOKEN = None


def call(method, params):
    body = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
    headers = {"Content-Type": "application/json-rpc"}
    if TOKEN:
        headers["Authorization"] = "Bearer " + TOKEN
    request = urllib.request.Request(URL, json.dumps(body).encode(), headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as answer:
        reply = json.load(answer)
    if "error" in reply:
        sys.exit("zbx: %s: %s" % (method, reply["error"].get("data")))
    return reply["result"]


def hosts():
    state = {"0": "unknown", "1": "available", "2": "NOT AVAILABLE"}
    for h in call("host.get", {
        "output": ["hostid", "host", "status", "description", "tls_connect"], "sortfield": "host",
        "selectHostGroups": ["name"], "selectParentTemplates": ["host"], "selectTags": ["tag", "value"],
        "selectInterfaces": ["ip", "port", "available"], "selectInventory": "extend",
    }):
        if h["host"] == "Zabbix server":
            continue
        values = call("item.get", {"hostids": h["hostid"], "output": ["name", "lastvalue", "lastclock"], "filter": {"key_": "agent.ping"}})
        inventory = {k: v for k, v in dict(h["inventory"] or {}).items() if v and k not in ("hostid", "inventory_mode")}
        print("%s  (hostid %s, %s)" % (h["host"], h["hostid"], "monitored" if h["status"] == "0" else "disabled"))
        print("  groups     %s" % ", ".join(sorted(g["name"] for g in h["hostgroups"])))
        print("  templates  %s" % ", ".join(sorted(t["host"] for t in h["parentTemplates"])))
        print("  tags       %s" % ", ".join(sorted(t["tag"] + "=" + t["value"] for t in h["tags"])))
        if inventory:
            print("  inventory  %s" % ", ".join("%s=%s" % i for i in sorted(inventory.items())))
        if h["description"]:
            print("  says       %s" % h["description"])
        for i in h["interfaces"]:
            print("  agent      %s:%s, %s, %s" % (i["ip"], i["port"], {"1": "unencrypted", "2": "PSK"}.get(h["tls_connect"], "?"), state[i["available"]]))
        print("  data       %s" % ("%s: %s" % (values[0]["name"], values[0]["lastvalue"]) if values and values[0]["lastclock"] != "0" else "none"))


def one(name):
    found = call("host.get", {"output": ["hostid"], "filter": {"host": [name]}})
    return found[0]["hostid"] if found else sys.exit("zbx: there is no host " + name)


def main(words):
    global TOKEN
    TOKEN = call("user.login", {"username": "Admin", "password": "zabbix"})
    if words[:1] == ["hosts"]:
        hosts()
    elif words[:1] == ["set"] and len(words) == 3:
        call("host.update", dict(json.loads(words[2]), hostid=one(words[1])))
    elif words[:1] == ["values"] and len(words) == 2:
        items = [i["itemid"] for i in call("item.get", {"hostids": one(words[1]), "output": ["itemid"]})]
        print(sum(len(call("history.get", {"itemids": items, "history": kind, "output": ["clock"]})) for kind in range(5)))
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
