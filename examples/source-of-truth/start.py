#!/usr/bin/env python3
"""start.py: the button on an object's page, and the hook on its changes.

    start.py button on|off --gitlab URL | --github URL [--ref main]
    start.py hook   on|off --gitlab URL | --github URL [--ref main] [--api URL]

URL is the page of the project: https://gitlab.example.net/network/provision or
https://github.com/example/provision. Run it as often as you like: what is there
is brought up to date, `off` takes it away. Standard library, Python 3.9.

The source of truth comes by environment, as for the provider:

    PROVISION_NETBOX_URL, PROVISION_NETBOX_TOKEN       or
    PROVISION_NAUTOBOT_URL, PROVISION_NAUTOBOT_TOKEN   (_CA_FILE if there is need)

the token that may write custom links, webhooks and event rules; and for the hook

    CI_TOKEN      what lets the webhook start a run: GitLab's pipeline trigger
                  token, or GitHub's fine-grained token with "Actions: write"
    HOOK_SECRET   what webhooks are signed with
    WRITE_BACK_FIELD  custom field that applies write (zabbix_hostid)
"""
import argparse
import json
import os
import re
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request

NAME = 'provision'
HOOK = 'provision-hook'
STATUSES = ['active', 'planned', 'staged']  # as the provider's `statuses`
TYPES = {'device': 'dcim.device', 'virtual_machine': 'virtualization.virtualmachine'}
# What a plan can depend on, for servers with the operator `changed` (NetBox from
# 4.7). Elsewhere every update starts a run, which looks itself at what changed.
BOTH = ['name', 'status', 'site', 'tenant', 'role', 'platform', 'cluster', 'primary_ip4', 'primary_ip6', 'config_template', 'local_context_data', 'tags']
FIELDS = {'device': BOTH + ['location', 'device_type', 'serial', 'asset_tag', 'oob_ip'], 'virtual_machine': BOTH}


class Stop(Exception):
    """Ends the script with a message."""


def setting(name, pattern='.+', default=None):
    text = os.environ.get(name, '') or default or ''
    if not re.fullmatch(pattern, text):
        raise Stop(f'{name} is not set, or has characters that it must not have')
    return text


# ---- where runs are started ---------------------------------------------------


class GitLab:
    """GitLab: the page "Run pipeline" takes its variables from a link."""

    def __init__(self, page, api, ref):
        self.page, self.ref = page, ref
        u = urllib.parse.urlsplit(page)
        api = api or f'{u.scheme}://{u.netloc}/api/v4'
        self.hook_url = f'{api}/projects/{urllib.parse.quote(u.path.strip("/"), safe="")}/trigger/pipeline'

    def link(self, kind, id):
        values = {'KIND': kind, 'OBJECT_ID': id, 'TRIGGER': 'button'}
        return f'{self.page}/-/pipelines/new?ref={self.ref}' + ''.join(f'&var[{k}]={v}' for k, v in values.items())

    def text(self, kind, id):
        return 'Provision'

    def headers(self, token):
        return ''

    def body(self, token, values):
        variables = ', '.join(f'"{name}": {expression}' for name, expression in values.items())
        return f'{{"token": "{token}", "ref": "{self.ref}", "variables": {{{variables}}}}}'


class GitHub:
    """GitHub: no link fills the form "Run workflow". So the link leads to the
    workflow, and its text says what to type."""

    def __init__(self, page, api, ref):
        self.page, self.ref = f'{page}/actions/workflows/one-object.yml', ref
        u = urllib.parse.urlsplit(page)
        api = api or ('https://api.github.com' if u.netloc == 'github.com' else f'{u.scheme}://{u.netloc}/api/v3')
        self.hook_url = f'{api}/repos{u.path}/actions/workflows/one-object.yml/dispatches'

    def link(self, kind, id):
        return self.page

    def text(self, kind, id):
        return f'Provision ({kind} {id})'

    def headers(self, token):
        return f'Authorization: Bearer {token}\nAccept: application/vnd.github+json\nX-GitHub-Api-Version: 2022-11-28'

    def body(self, token, values):
        inputs = ', '.join(f'"{name.lower()}": {expression}' for name, expression in values.items())
        return f'{{"ref": "{self.ref}", "inputs": {{{inputs}}}}}'


# ---- the source of truth --------------------------------------------------------


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token goes to no other place."""

    def redirect_request(self, *_):
        return None


class Server:
    """The REST API of NetBox or Nautobot."""

    def __init__(self, prefix):
        self.url = setting(prefix + 'URL', r'https?://[^\s]+').rstrip('/')
        token = setting(prefix + 'TOKEN', r'[\w.-]+')
        self.auth = ('Bearer ' if token.startswith('nbt_') else 'Token ') + token
        tls = ssl.create_default_context(cafile=os.environ.get(prefix + 'CA_FILE') or None)
        self.opener = urllib.request.build_opener(NoRedirect, urllib.request.HTTPSHandler(context=tls))
        self.version = (0, 0)

    def call(self, method, path, body=None):
        request = urllib.request.Request(f'{self.url}/api/{path}', None if body is None else json.dumps(body).encode(), {
            'Authorization': self.auth, 'Accept': 'application/json', 'Content-Type': 'application/json'}, method=method)
        try:
            with self.opener.open(request, timeout=60) as answer:
                version = re.match(r'(\d+)\.(\d+)', answer.headers.get('API-Version', ''))
                self.version = tuple(map(int, version.groups())) if version else self.version
                return json.loads(answer.read() or b'null')
        except urllib.error.HTTPError as e:
            raise Stop(f'{method} {self.url}/api/{path}: {e.code} {e.read(500).decode(errors="replace")}') from None
        except OSError as e:
            raise Stop(f'{method} {self.url}/api/{path}: {e}') from None

    def found(self, path, name):
        page = self.call('GET', f'{path}?{urllib.parse.urlencode({"name": name})}')
        return [o for o in page['results'] if o['name'] == name]

    def put(self, path, **fields):
        """Makes the object of that name what it should be; gives its id."""
        for o in self.found(path, fields['name']):
            return self.call('PATCH', f'{path}{o["id"]}/', fields)['id']
        return self.call('POST', path, fields)['id']

    def remove(self, path, name):
        for o in self.found(path, name):
            self.call('DELETE', f'{path}{o["id"]}/')


# The names of the fields that an event changed; last_updated is always one of
# them, so that an empty text means that the server has not told.
CHANGED = '''{%- set changed %}{% if snapshots and snapshots.prechange and snapshots.postchange %}last_updated
{%- for k, v in snapshots.postchange.items() if k != 'last_updated' and v != snapshots.prechange[k] %}
{%- if k != 'custom_fields' or not snapshots.prechange[k] %} {{ k }}
{%- else %}{% for c, w in v.items() if w != snapshots.prechange[k][c] %} custom_fields.{{ c }}{% endfor %}{% endif %}
{%- endfor %}{% endif %}{% endset %}'''


def values(kind, id, user):
    """What a run is told, as expressions of the server's templates."""
    return {
        'KIND': f'{{{{ {kind}|tojson }}}}', 'OBJECT_ID': f'{{{{ {id}|string|tojson }}}}', 'TRIGGER': '"hook"',
        'ACTOR': f'{{{{ {user}|default("unknown", true)|string|tojson }}}}',
        'EVENT_TIME': '{{ data.last_updated|default("", true)|string|tojson }}', 'CHANGED': '{{ changed|tojson }}',
    }


class NetBox(Server):
    """NetBox: custom links, a webhook, and an event rule a type that uses it."""

    # An address counts as its device: another DNS name is no event of a device.
    # Older versions name the type as `model`, without its application.
    subject = '''{%- set what = (object_type or model).split('.')[-1] %}
{%- if what == 'device' %}{% set kind, id = 'device', data.id %}
{%- elif what == 'virtualmachine' %}{% set kind, id = 'virtual_machine', data.id %}
{%- elif data.assigned_object.device %}{% set kind, id = 'device', data.assigned_object.device.id %}
{%- else %}{% set kind, id = 'virtual_machine', data.assigned_object.virtual_machine.id %}{% endif %}'''

    def ready(self, kind):
        platform = 'object.platform and ' if kind == 'device' else ''
        return f'object.status in {STATUSES} and {platform}object.primary_ip'

    def types(self, *names):
        return {'object_types' if self.version >= (4, 0) else 'content_types': list(names)}

    def button(self, on, ci):
        self.call('GET', 'status/')
        for kind, type_ in TYPES.items():
            name = f'{NAME}-{kind}'
            if not on:
                self.remove('extras/custom-links/', name)
                continue
            id = '{{ object.pk }}'
            self.put('extras/custom-links/', name=name, enabled=True, new_window=True, link_url=ci.link(kind, id),
                     link_text=f'{{% if {self.ready(kind)} %}}{ci.text(kind, id)}{{% endif %}}', **self.types(type_))

    def hook(self, on, ci):
        self.call('GET', 'status/')
        rules = {kind: ([type_], self.changed(kind)) for kind, type_ in TYPES.items()}
        assigned = {'attr': 'assigned_object_type', 'op': 'in', 'value': ['dcim.interface', 'virtualization.vminterface']}
        rules['address'] = (['ipam.ipaddress'], {'and': [assigned]})
        if not on:
            for rule in rules:
                self.remove('extras/event-rules/', f'{HOOK}-{rule}')
            return self.remove('extras/webhooks/', HOOK)
        token = setting('CI_TOKEN', r'[\w.-]+')
        webhook = self.put('extras/webhooks/', name=HOOK, payload_url=ci.hook_url, http_method='POST', http_content_type='application/json',
                           additional_headers=ci.headers(token), secret=setting('HOOK_SECRET'),
                           body_template=self.subject + CHANGED + ci.body(token, values('kind', 'id', '(username or (request or {}).user)')))
        when = {'event_types': ['object_updated']} if self.version >= (4, 1) else {'type_update': True}
        for rule, (types, conditions) in rules.items():
            self.put('extras/event-rules/', name=f'{HOOK}-{rule}', enabled=True, action_type='webhook', action_object_type='extras.webhook',
                     action_object_id=webhook, conditions=conditions, **when, **self.types(*types))

    def changed(self, kind):
        """The condition that something was changed on which a plan can depend.
        Each of the fields must be there: a server that does not find one sends
        nothing at all."""
        if self.version < (4, 7):
            return None
        custom = [{'attr': 'custom_fields', 'op': 'changed'}]
        written = setting('WRITE_BACK_FIELD', r'\w+', 'zabbix_hostid')
        if any(TYPES[kind] in f['object_types'] for f in self.found('extras/custom-fields/', written)):
            custom.append({'attr': f'custom_fields.{written}', 'op': 'unchanged'})
        return {'or': [{'attr': f, 'op': 'changed'} for f in FIELDS[kind]] + [{'and': custom}]}


class Nautobot(Server):
    """Nautobot: a custom link for each kind, and a webhook, which has no conditions."""

    subject = "{%- set kind, id = ('device' if model == 'device' else 'virtual_machine'), data.id %}"

    def ready(self, kind):
        platform = 'obj.platform and ' if kind == 'device' else ''
        return f'obj.status.name|lower in {STATUSES} and {platform}obj.primary_ip'

    def button(self, on, ci):
        for kind, type_ in TYPES.items():
            name = f'{NAME}-{kind}'
            if not on:
                self.remove('extras/custom-links/', name)
                continue
            id = '{{ obj.pk }}'
            self.put('extras/custom-links/', name=name, content_type=type_, new_window=True, target_url=ci.link(kind, id),
                     text=f'{{% if {self.ready(kind)} %}}{ci.text(kind, id)}{{% endif %}}')

    def hook(self, on, ci):
        if not on:
            return self.remove('extras/webhooks/', HOOK)
        token = setting('CI_TOKEN', r'[\w.-]+')
        self.put('extras/webhooks/', name=HOOK, content_types=list(TYPES.values()), enabled=True, type_create=False, type_update=True,
                 type_delete=False, payload_url=ci.hook_url, http_method='POST', http_content_type='application/json',
                 additional_headers=ci.headers(token), secret=setting('HOOK_SECRET'),
                 body_template=self.subject + CHANGED + ci.body(token, values('kind', 'id', 'username')))


def main(args):
    p = argparse.ArgumentParser(description='The button on an object\'s page, and the hook on its changes.')
    p.add_argument('what', choices=['button', 'hook'])
    p.add_argument('state', choices=['on', 'off'])
    where = p.add_mutually_exclusive_group(required=True)
    where.add_argument('--gitlab', metavar='URL', help='page of the project')
    where.add_argument('--github', metavar='URL', help='page of the repository')
    p.add_argument('--ref', default='main', help='branch that runs (main)')
    p.add_argument('--api', metavar='URL', default='', help='API, where it is not at its usual place')
    o = p.parse_args(args)
    page = (o.gitlab or o.github).rstrip('/')
    if not re.fullmatch(r'https?://[\w.:-]+(/[\w.-]+)+', page) or not re.fullmatch(r'[\w./-]+', o.ref):
        raise Stop('the page or the branch has characters that it must not have')
    ci = (GitLab if o.gitlab else GitHub)(page, o.api.rstrip('/'), o.ref)
    servers = {'PROVISION_NETBOX_': NetBox, 'PROVISION_NAUTOBOT_': Nautobot}
    given = [s(prefix) for prefix, s in servers.items() if os.environ.get(prefix + 'URL')]
    if len(given) != 1:
        raise Stop('one of PROVISION_NETBOX_URL and PROVISION_NAUTOBOT_URL must be set')
    getattr(given[0], o.what)(o.state == 'on', ci)
    print(f'{o.what} {o.state}: {given[0].url}')


if __name__ == '__main__':
    try:
        main(sys.argv[1:])
    except Stop as e:
        sys.exit(f'start.py: {e}')
