"""What one-object.sh does. Standard library only.

What comes in is data: it is checked, looked up, and given to programs as an
argument or in the environment. There is no shell.
"""
import contextlib
import dataclasses
import datetime
import fcntl
import functools
import http.client
import json
import os
import pathlib
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

SITE_NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._-]{0,99}')
ID = re.compile(r'[0-9]{1,18}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
RUN_ID = re.compile('[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,127}')
KINDS = {
    'device': ('provision_device.this', 'provision_device.canary', 'zabbix_agent_host.device'),
    'virtual_machine': ('zabbix_agent_host.virtual_machine',),
}
# The same where an object has a root and a state of its own.
OWN = {
    'device': ('module.device.provision_device.this', 'module.agent_host.zabbix_agent_host.this'),
    'virtual_machine': ('module.agent_host.zabbix_agent_host.this',),
}


class Stop(Exception):
    """Ends the run with a message."""


def say(text):
    """Tells people. What a shell reads goes to the standard output."""
    print('one-object: ' + text, file=sys.stderr, flush=True)


# ---- what comes in ---------------------------------------------------------


def setting(name, pattern, what, default=None):
    """A variable of the environment that must look like this."""
    text = os.environ.get(name, '')
    if not text and default is not None:
        return default
    if not re.fullmatch(pattern, text):
        raise Stop(f'{name}: {text[:100]!a} is not {what}')
    return text


def moment(text):
    """A time as APIs write it."""
    try:
        at = datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))
    except ValueError:
        raise Stop(f'{text[:100]!a} is not a time') from None
    return at if at.tzinfo else at.replace(tzinfo=datetime.timezone.utc)


def sites_dir():
    """The folder of the sites' folders."""
    return pathlib.Path(setting('SITES', r'[A-Za-z0-9._/-]{1,500}', 'a folder', 'sites'))


def objects_dir():
    """The folder of the roots for one object each; None where sites have states."""
    text = setting('OBJECTS', r'[A-Za-z0-9._/-]{1,500}', 'a folder', '')
    return pathlib.Path(text) if text else None


def root(site):
    """The folder that Terraform works in."""
    return objects_dir() / site.partition('-')[0] if objects_dir() else sites_dir() / site


def site_folder(name):
    """The name of a site, which must have a folder, or of an object with a state."""
    folder = objects_dir()
    if folder:
        kind, _, id = name.partition('-')
        if kind not in KINDS or not ID.fullmatch(id) or not (folder / kind).is_dir():
            raise Stop(f'SITE: {name[:100]!a} is no object such as device-12 with a folder in {folder}/')
        return name
    folder = sites_dir()
    if not SITE_NAME.fullmatch(name) or not (folder / name).is_dir():
        raise Stop(f'SITE: there is no folder {name[:100]!a} in {folder}/')
    return name


@dataclasses.dataclass(frozen=True)
class Run:
    """What was asked for."""

    kind: str
    id: str
    site: str
    trigger: str
    actor: str
    auto_apply: frozenset
    changed: tuple
    event_time: str

    @staticmethod
    def read():
        sites_dir(), objects_dir()  # refused before anything is asked
        site = os.environ.get('SITE', '')
        return Run(
            kind=setting('KIND', '|'.join(KINDS), 'one of ' + ', '.join(KINDS)),
            id=setting('OBJECT_ID', ID.pattern, 'a number of NetBox or a UUID of Nautobot'),
            site=site_folder(site) if site else '',
            trigger=setting('TRIGGER', 'demand|button|hook', 'one of demand, button, hook', 'demand'),
            actor=actor(),
            auto_apply=frozenset(setting('AUTO_APPLY', r'[A-Za-z0-9._ -]*', 'names of sites', '').split()),
            changed=tuple(setting('CHANGED', r'[A-Za-z0-9_.\s-]{0,20000}', 'names of fields', '').split()),
            event_time=setting('EVENT_TIME', r'[0-9T:.+Z -]{0,40}', 'a time', ''),
        )

    def nothing_changed(self):
        """Tells that the event says so: nothing, or only what an apply wrote."""
        field = setting('WRITE_BACK_FIELD', r'[A-Za-z0-9_]*', 'the name of a custom field', '')
        return bool(self.changed) and set(self.changed) <= {'last_updated', 'custom_fields.' + field}


def actor():
    """Who it was, as the provider takes it."""
    who = setting('ACTOR', r'[^\x00-\x1f\x7f]*', 'a name', 'unknown')
    if len(who.encode()) > 128:
        raise Stop('ACTOR: longer than 128 bytes')
    return who


# ---- the source of truth ---------------------------------------------------


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token goes to no other place."""

    def redirect_request(self, *_):
        return None


class API:
    """The REST API of a source of truth."""

    def __init__(self, prefix, scheme):
        def of(end, default=None):
            """A variable whose value no error may show."""
            text = os.environ.get(prefix + end, '') or default
            if text is None or any(c < ' ' for c in text):
                raise Stop(f'{prefix}{end} is not set, or has control characters')
            return text

        self.url, token = of('URL').rstrip('/'), of('TOKEN')
        self.headers = {'Authorization': f'{scheme(token)} {token}', 'Accept': 'application/json', 'Content-Type': 'application/json'}
        for pair in filter(None, of('HEADERS', '').split(',')):
            name, _, value = pair.partition('=')
            self.headers[name.strip()] = value.strip()
        tls = ssl.create_default_context(cafile=of('CA_FILE', '') or None)
        if of('CERT_FILE', ''):
            tls.load_cert_chain(of('CERT_FILE'), of('KEY_FILE'))
        self.opener = urllib.request.build_opener(NoRedirect, urllib.request.HTTPSHandler(context=tls))

    def call(self, method, path, query=(), body=None):
        """One request; what only reads is sent again when the server is busy."""
        url = f'{self.url}/api/{path}?{urllib.parse.urlencode(query, doseq=True)}'
        data = None if body is None else json.dumps(body).encode()
        for wait in (1, 2, 4, None):
            request = urllib.request.Request(url, data, self.headers, method=method)
            try:
                with self.opener.open(request, timeout=60) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as e:
                why, again = f'{e.code} {e.read(300).decode(errors="replace")}', e.code == 429 or e.code >= 500
                if e.code == 404:
                    return None
            except (OSError, ValueError, http.client.HTTPException) as e:
                why, again = str(e), True
            if method != 'GET' or not again or wait is None:
                raise Stop(f'{method} {self.url}/api/{path}: {why}')
            time.sleep(wait)

    def list(self, path, query):
        """All objects of a list, page by page; None if there is no such list."""
        found, query = [], dict(query, limit=200)
        while True:
            page = self.call('GET', path, dict(query, offset=len(found)))
            if page is None:
                return None
            found += page['results']
            if not page['results'] or not page.get('next'):
                return found

    def some(self, path, ids, query=()):
        """The objects of these ids, by id."""
        found, ids = {}, sorted(ids)
        for at in range(0, len(ids), 50):
            part = ids[at:at + 50]
            for o in self.list(path, dict(query, id=part)) or ():
                if str(o['id']) in part:  # a filter that a server does not know finds everything
                    found[str(o['id'])] = o
        return found


@dataclasses.dataclass(frozen=True)
class Thing:
    """A device or a virtual machine."""

    kind: str
    id: str
    name: str
    page: str
    places: tuple  # names of its site, the nearest first
    site: str  # the name of its site, as the provider has it; only for a root of its own

    @property
    def key(self):
        return self.kind, self.id

    def addresses(self):
        if objects_dir():
            return list(OWN[self.kind])
        return [f'module.site.{resource}["{self.id}"]' for resource in KINDS[self.kind]]

    def folder(self):
        """Its site's folder, or None; its own name where it has a state of its own."""
        if objects_dir():
            return f'{self.kind}-{self.id}' if (objects_dir() / self.kind).is_dir() else None
        for place in self.places:
            for name in (place, re.sub('[^a-z0-9]+', '-', place.lower()).strip('-')):
                if SITE_NAME.fullmatch(name) and (sites_dir() / name).is_dir():
                    return name
        return None


class Source:
    """What NetBox and Nautobot have in common."""

    paths = {'device': 'dcim/devices/', 'virtual_machine': 'virtualization/virtual-machines/'}
    types = {'device': 'dcim.device', 'virtual_machine': 'virtualization.virtualmachine'}

    def thing(self, kind, id):
        found = self.things([(kind, id)])
        if not found:
            raise Stop(f'{self.name} has no {kind} {id}, or the token may not see it')
        return found[0]

    def things(self, keys):
        """Those of the objects that are there."""
        found = []
        for kind, path in self.paths.items():
            objects = self.api.some(path, {i for k, i in keys if k == kind}, self.light)
            for id, o in objects.items():
                page = f'{self.api.url}/{path}{id}/'
                site = self.site(kind, o) if objects_dir() else ''
                found.append(Thing(kind, id, o.get('name') or f'{kind} {id}', page, tuple(self.places(kind, o)), site))
        return found

    def log(self, query, *places):
        """The change log, which is at one of these places."""
        for place in places:
            log = self.api.list(place + 'object-changes/', query)
            if log is not None:
                return log
        raise Stop(f'{self.name} shows no change log: may the token view object changes?')


class NetBox(Source):
    """NetBox 3.7 to 4.7."""

    name = 'NetBox'
    light = {'fields': 'id,name,site'}
    log_tells = True

    def __init__(self):
        self.api = API('PROVISION_NETBOX_', lambda token: 'Bearer' if token.startswith('nbt_') else 'Token')

    def places(self, kind, o):
        site = o.get('site') or {}
        return [site[k] for k in ('slug', 'name') if site.get(k)]

    def site(self, kind, o):
        return (o.get('site') or {}).get('name', '')

    def changes(self, since):
        """When which object was updated last, since then. An address counts as a
        change of what it is assigned to."""
        times = {}
        for kind, type_ in self.types.items():
            for id, at in self.updates(type_, since).items():
                times[kind, id] = at
        addresses = self.updates('ipam.ipaddress', since)
        for id, o in self.api.some('ipam/ip-addresses/', addresses).items():
            port = o.get('assigned_object') or {}
            for kind in KINDS:
                if port.get(kind):
                    key = kind, str(port[kind]['id'])
                    times[key] = max(addresses[id], times.get(key, addresses[id]))
        return times

    def updates(self, type_, since):
        query = {'changed_object_type': type_, 'action': 'update', 'time_after': since.isoformat()}
        times = {}
        for c in self.log(query, 'core/', 'extras/'):  # extras: before 4.1
            at, id = moment(c['time']), str(c['changed_object_id'])
            ours = c['changed_object_type'] == type_ and c['action']['value'] == 'update' and at >= since
            if ours and stripped(c.get('prechange_data')) != stripped(c.get('postchange_data')):
                times[id] = max(at, times.get(id, at))
        return times

    def note(self, thing, text):
        body = {'assigned_object_type': self.types[thing.kind], 'assigned_object_id': int(thing.id), 'kind': 'info', 'comments': text}
        if self.api.call('POST', 'extras/journal-entries/', body=body) is None:
            raise Stop('404: the token may not add journal entries')


def stripped(data):
    """An object without what applies write back."""
    data = dict(data or {}, last_updated=None)
    field = os.environ.get('WRITE_BACK_FIELD', '')
    data['custom_fields'] = {k: v for k, v in (data.get('custom_fields') or {}).items() if k != field}
    return data


class Nautobot(Source):
    """Nautobot 2.4 to 3.2."""

    name = 'Nautobot'
    light = {'depth': 0}
    log_tells = False  # an update that changes nothing looks like any other

    def __init__(self):
        self.api = API('PROVISION_NAUTOBOT_', lambda token: 'Token')
        self.known = {}

    def get(self, path, ref):
        """What a reference leads to, asked for once."""
        if not ref:
            return {}
        key = path + ref['id'] + '/'
        if key not in self.known:
            self.known[key] = self.api.call('GET', key, self.light) or {}
        return self.known[key]

    def locations(self, kind, o):
        """Where it is, the nearest first."""
        ref = o.get('location')
        if kind == 'virtual_machine':
            ref = self.get('virtualization/clusters/', o.get('cluster')).get('location')
        found = []
        while ref:
            found.append(self.get('dcim/locations/', ref))
            ref = found[-1].get('parent')
        return found

    def places(self, kind, o):
        return [location.get('name', '') for location in self.locations(kind, o)]

    def site(self, kind, o):
        """The nearest location of the type of sites, else the topmost, as the provider
        has it."""
        wanted, found = os.environ.get('PROVISION_NAUTOBOT_LOCATION_TYPE') or 'Site', self.locations(kind, o)
        for location in found:
            type_ = self.get('dcim/location-types/', location.get('location_type'))
            if type_.get('name', '').casefold() == wanted.casefold():
                return location['name']
        return found[-1].get('name', '') if found else ''

    def changes(self, since):
        """When which object was updated last, since then."""
        times = {}
        for kind, type_ in self.types.items():
            query = dict(self.light, changed_object_type=type_, action='update', time__gte=since.isoformat())
            for c in self.log(query, 'extras/'):
                key, at = (kind, str(c['changed_object_id'])), moment(c['time'])
                times[key] = max(at, times.get(key, at))
        return times

    def note(self, thing, text):
        body = {'assigned_object_type': self.types[thing.kind], 'assigned_object_id': thing.id, 'note': text}
        if self.api.call('POST', 'extras/notes/', body=body) is None:
            raise Stop('404: the token may not add notes')


def source_of_truth():
    given = [c for c in (NetBox, Nautobot) if os.environ.get(f'PROVISION_{c.name.upper()}_URL')]
    if len(given) != 1:
        raise Stop('one of PROVISION_NETBOX_URL and PROVISION_NAUTOBOT_URL must be set')
    return given[0]()


# ---- events that come together ---------------------------------------------


class Gathered:
    """Which changes were planned already: the time of the latest, by object.

    The times are those of the source of truth, so no two clocks are compared.
    Without the file everything within LOOKBACK counts as new. Runs that share the
    file wait for each other, so that of those that come at once one plans."""

    def __init__(self):
        self.path, self.times = os.environ.get('GATHERED', ''), {}
        if self.path:
            self.lock = open(self.path + '.lock', 'w', encoding='ascii')  # until the run ends
            fcntl.flock(self.lock, fcntl.LOCK_EX)
        if self.path and os.path.exists(self.path):
            try:
                with open(self.path, encoding='utf-8') as f:
                    self.times = {str(k): moment(v) for k, v in json.load(f).items()}
            except (ValueError, AttributeError, Stop):
                say(f'{self.path} cannot be read: everything counts as new')

    def covers(self, key, at):
        return '/'.join(key) in self.times and self.times['/'.join(key)] >= at

    def add(self, times):
        """Writes down what was planned, and forgets what is older than a day."""
        if not self.path:
            return
        new = {'/'.join(key): at for key, at in times.items()}
        kept = {**self.times, **new}
        day = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
        part = self.path + '.part'
        with open(part, 'w', encoding='utf-8') as f:
            json.dump({k: at.isoformat() for k, at in kept.items() if at > day}, f)
        os.replace(part, self.path)


def gather(run, source, gathered):
    """What a hook's run is for, and when it was changed: the object of its event, and
    all else in the change log, because a CI can have dropped the runs of other events
    for this one; without what was planned already. The object of the event is first."""
    back = int(setting('LOOKBACK', r'[0-9]{1,6}', 'a number of seconds', '2700'))
    since = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=back)
    own, times = (run.kind, run.id), source.changes(since)
    new = {key for key, at in times.items() if not gathered.covers(key, at)}
    if run.nothing_changed():
        if not source.log_tells:
            new.discard(own)
    elif not run.event_time or not gathered.covers(own, moment(run.event_time)):
        new.add(own)
    things = sorted(source.things(new), key=lambda t: t.key != own)
    return things, {t.key: times[t.key] for t in things if t.key in times}


def nothing_new(run):
    """Why there is nothing to plan for an event."""
    if run.nothing_changed():
        return 'nothing was changed but what applies write back: there is nothing to plan'
    return f'an earlier run has planned this change of {run.kind} {run.id}'


# ---- Terraform --------------------------------------------------------------


def run_id():
    """The run as the provider writes it down: what was given, else the one of the CI,
    and none where there is no CI."""
    given = os.environ.get
    if given('PROVISION_RUN_ID'):
        return {'PROVISION_RUN_ID': given('PROVISION_RUN_ID')}
    if given('GITHUB_RUN_ID'):
        number = f'{given("GITHUB_RUN_ID")}-{given("GITHUB_RUN_ATTEMPT") or 1}'
        named = f'{given("GITHUB_REPOSITORY", "")}/{number}'
    elif given('CI_JOB_ID'):
        number = f'gitlab-{given("CI_JOB_ID")}'
        named = f'{given("CI_PROJECT_PATH", "")}/pipeline-{given("CI_PIPELINE_ID", "")}/job-{given("CI_JOB_ID")}'
    else:
        return {}
    return {'PROVISION_RUN_ID': named if RUN_ID.fullmatch(named) else number}


def environment(run, site):
    """What Terraform and the provider get. Objects that share a root share no folder
    that says where the state is."""
    env = dict(os.environ, PROVISION_TRIGGER=run.trigger, PROVISION_ACTOR=run.actor, TF_IN_AUTOMATION='1', TF_INPUT='0', **run_id())
    env.pop('PLAN_PASSPHRASE', None)
    if objects_dir():
        env['TF_DATA_DIR'] = '.terraform-' + site
    return env


def init(run, site):
    """Prepares the root: the state is the site's, or STATE says which is the object's."""
    options = []
    if objects_dir():
        state = setting('STATE', r'\w+=[\w./:@-]*\{object\}[\w./-]*', 'such as schema_name={object}', 'schema_name={object}')
        options = ['-backend-config=' + state.replace('{object}', site)]
    terraform(run, site, 'init', '-no-color', *options)


def provider(run, site):
    """The provider, which makes reports: the one that init has put there last."""
    data = root(site) / (environment(run, site).get('TF_DATA_DIR') or '.terraform')
    found = sorted(data.glob('providers/*/netprovision/provision/*/*/terraform-provider-provision*'), key=lambda p: p.stat().st_mtime)
    return os.environ.get('PROVISION_BINARY') or (str(found[-1].resolve()) if found else None)


def described(run, site, things, shown, saved):
    """The plan in Markdown: the provider's report, else what Terraform shows."""
    program, made = provider(run, site), run_dir() / 'report.md'
    if program:
        about = ['-title', f'{things[0].kind} {things[0].id}', '-site', site]
        about += ['-run-url', os.environ['REPORT_URL']] if os.environ.get('REPORT_URL') else []
        command = [program, 'report', 'plan', *about, '-html', str(run_dir() / 'report.html'), '-markdown', str(made), '-markdown-limit', '800000']
        with contextlib.suppress(OSError):
            if subprocess.run(command, env=environment(run, site), input=shown.encode(), check=False).returncode == 0:
                return made.read_text(encoding='utf-8')
    say('the report of the provider could not be made: the plan is as Terraform shows it')
    return block(terraform(run, site, 'show', '-no-color', str(saved), capture=True))


def terraform(run, site, *args, capture=False):
    """Terraform in the root of a site; its output when capture is set."""
    command = [os.environ.get('TERRAFORM') or 'terraform', f'-chdir={root(site)}', *args]
    child = cancel().start(f'site {site}: cancelled before {args[0]}', command,
                           env=environment(run, site), stdout=subprocess.PIPE if capture else None)
    out, _ = child.communicate()
    if child.returncode:
        raise Stop(f'terraform {args[0]} of site {site} failed, see above')
    return out.decode(errors='replace') if capture else ''


class Cancel:
    """A cancelled job: one interrupt for Terraform, at which it ends in order (a
    second one would end it at once, in the middle of a change), and nothing that
    is begun afterwards."""

    def __init__(self):
        self.asked, self.child = False, None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.hand_on)

    def hand_on(self, *_):
        if not self.asked and self.child:
            self.child.send_signal(signal.SIGINT)
        self.asked = True

    def start(self, cancelled, command, **more):
        """Starts a command in a session of its own; stops if the job was cancelled."""
        if self.asked:
            raise Stop(cancelled)
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **more)
        self.child = child
        if self.asked:  # in between
            child.send_signal(signal.SIGINT)
        return child


@functools.cache
def cancel():
    """That of this process, from its first use on: before it, nothing was begun."""
    return Cancel()


def run_dir():
    return pathlib.Path(os.environ.get('RUN_DIR') or 'provision-run').resolve()


def changes_of(plan):
    """What a plan would do: (address, actions), without what stays as it is."""
    if not str(plan.get('format_version', '')).startswith('1.'):
        raise Stop(f'the plan has format {plan.get("format_version")!a}, which is not known here')
    changes = []
    for c in plan.get('resource_changes', ()):
        actions = c['change']['actions']
        if c['change'].get('importing'):
            actions = actions + ['import']
        if c['mode'] == 'managed' and actions != ['no-op']:
            changes.append((c['address'], actions))
    return changes


def beside(changes, things):
    """Those changes that are of none of the objects: what a target depends on, such
    as the devices of the canary, is planned with it."""
    own = {address for t in things for address in t.addresses()}
    return [(address, actions) for address, actions in changes if address not in own]


def reasons_against(plan, things):
    """Why a plan must not be applied without a person; empty if it may be."""
    changes = changes_of(plan)
    why = [f'{address}: {" and ".join(actions)}' for address, actions in changes if actions != ['update']]
    why += [f'{address} is not of {", ".join(f"{t.kind} {t.id}" for t in things)}' for address, _ in beside(changes, things)]
    for c in plan.get('resource_changes', ()):
        sides = [c['change'].get(side) or {} for side in ('before', 'after', 'after_unknown')]
        if c['type'] == 'provision_device' and any(s.get('replace_config') not in (None, False) for s in sides):
            why.append(f'{c["address"]}: replaces the whole configuration')
    for check in plan.get('checks', ()):
        if check.get('status') in ('fail', 'error'):
            why.append(f'{check["address"]["to_display"]}: the check failed')
    for kind in ('deferred_changes', 'action_invocations'):
        if plan.get(kind):
            why.append(f'the plan has {kind}')
    if plan.get('errored'):
        why.append('the plan is not complete')
    return why


def must_have_passphrase():
    """Stops a run whose saved plan would be kept in clear."""
    phrase = os.environ.get('PLAN_PASSPHRASE', '')
    if len(phrase) < 32 or not phrase.isprintable():
        raise Stop('PLAN_PASSPHRASE is missing or shorter than 32 characters: make one with openssl rand -hex 32, and give it to the jobs that plan and apply, '
                   'as a secret of the environments provision-plan and provision (GitHub) or a masked variable (GitLab)')


@contextlib.contextmanager
def workshop():
    """A place for the saved plan in clear: outside of what a CI keeps, and gone
    afterwards."""
    with tempfile.TemporaryDirectory(prefix='provision-') as work:
        yield pathlib.Path(work) / 'tfplan'


def sealed():
    return run_dir() / 'tfplan.enc'


def crypt(way, source, target):
    done = subprocess.run(['openssl', 'enc', way, '-aes-256-cbc', '-pbkdf2', '-iter', '600000', '-pass', 'env:PLAN_PASSPHRASE',
                           '-in', str(source), '-out', str(target)], check=False)
    if done.returncode:
        target.unlink(missing_ok=True)
        raise Stop('openssl failed: is PLAN_PASSPHRASE the same in both jobs?')
    target.chmod(0o600)


# ---- what is told ------------------------------------------------------------


def quoted(text):
    """A text from outside in one line of Markdown, as it is."""
    line = ''.join(c if c.isprintable() else ' ' for c in text)
    fence = '`' * (1 + max(map(len, re.findall('`+', line)), default=0))
    return f'{fence} {line} {fence}'


def block(text):
    """A text in Markdown, as it is."""
    fence = '`' * max(3, 1 + max(map(len, re.findall('`+', text)), default=0))
    return f'{fence}text\n{text.rstrip()}\n{fence}\n'


def report(run, things, changes, outcome, text):
    lines = [f'# Provision {things[0].kind} {things[0].id}\n', f'Started by {run.trigger}, {quoted(run.actor)}. {outcome}\n']
    lines += [f'- {t.kind} [{t.id}]({t.page}): {quoted(t.name)}' for t in things]
    lines += ['', '| Resource | Action |', '|---|---|'] if changes else ['']
    lines += [f'| {quoted(address)} | {", ".join(actions)} |' for address, actions in changes]
    lines += ['', also(changes, things)] if beside(changes, things) else []
    return '\n'.join(lines) + '\n\n' + text


def also(changes, things):
    """What a plan changes beside the objects, in a line of Markdown; empty if nothing."""
    others = [f'{quoted(address)}: {", ".join(actions)}' for address, actions in beside(changes, things)]
    more = f' and {len(others) - 10} more' if len(others) > 10 else ''
    return f'**The plan also changes what they depend on:** {"; ".join(others[:10])}{more}.' if others else ''


def tell(source, run, things, changes, outcome):
    """Links the run at the objects that it would change. A hook that changes
    nothing is not told of, else each change of an object would tell twice."""
    url = setting('REPORT_URL', r'https?://[^\s<>()"\\]{1,1000}', 'the address of a page', '')
    link = f' [Report]({url})' if url else ''
    others = also(changes, things) + ' ' if beside(changes, things) else ''
    for t in things:
        mine = [f'{quoted(a)}: {", ".join(actions)}' for a, actions in changes if a in t.addresses()]
        if not mine and (run.trigger == 'hook' or t is not things[0]):
            continue
        what = '; '.join(mine) or 'nothing to change'
        try:
            source.note(t, f'Plan by {run.trigger}, {quoted(run.actor)}: {what}. {others}{outcome}{link}')
        except Stop as e:
            say(f'the plan is not linked at {t.kind} {t.id}: {e}')


def finish(**result):
    """Writes the result, for the next job."""
    run_dir().mkdir(mode=0o700, parents=True, exist_ok=True)
    (run_dir() / 'result.json').write_text(json.dumps(result) + '\n', encoding='utf-8')
    output(**result)


def output(**values):
    """Gives values to the next steps and jobs at GitHub."""
    if os.environ.get('GITHUB_OUTPUT'):
        with open(os.environ['GITHUB_OUTPUT'], 'a', encoding='utf-8') as f:
            f.writelines(f'{k}={str(v).lower() if isinstance(v, bool) else v}\n' for k, v in values.items())


# ---- commands ------------------------------------------------------------------


def located(run, source):
    """The object and its site."""
    thing = source.thing(run.kind, run.id)
    site = not objects_dir() and run.site or thing.folder()
    if not site:
        raise Stop(unplaced(thing) + ('' if objects_dir() else ': give SITE'))
    return thing, site


def unplaced(thing):
    """Says that an object has no root."""
    if objects_dir():
        return f'{thing.kind} {thing.id}: there is no folder {objects_dir() / thing.kind}'
    return f'{thing.kind} {thing.id}: no folder in {sites_dir()}/ is called like its site ({", ".join(thing.places)[:200]!a})'


def find():
    """Prints the sites of what the run is for, which are planned one by one."""
    run, source = Run.read(), source_of_truth()
    if run.trigger == 'hook':
        things = gather(run, source, Gathered())[0]
        sites = places(things)
        if all(t.key != (run.kind, run.id) for t in things):
            say(nothing_new(run))
    else:
        sites = [located(run, source)[1]]
        say(f'{run.kind} {run.id} is in site {sites[0]}')
    listed(sites)


def places(things):
    """The sites of objects. What is in none that has a folder is nothing to plan."""
    for t in things:
        if not t.folder():
            say(unplaced(t) + ': it is left out')
    return sorted({t.folder() for t in things} - {None})


def listed(sites):
    """Prints names, for a shell, and gives them to the next job."""
    print('\n'.join(sites), end='\n' if sites else '', flush=True)
    output(sites=json.dumps(sites))


def pending():
    """Prints the sites whose plans wait for a person: those that have left one in a
    folder of RUN_DIR that ends in the site's name, or one alone in RUN_DIR itself, where
    actions/download-artifact puts it from version 5 on."""
    prefix = 'provision-run-'
    names = [p.parent.name.removeprefix(prefix) for p in run_dir().glob(prefix + '*/tfplan.enc')]
    if sealed().exists():
        names.append(str(json.loads((run_dir() / 'result.json').read_text(encoding='utf-8')).get('site', '')))
    listed(sorted(map(site_folder, names)))


def plan():
    run = Run.read()
    must_have_passphrase()
    source = source_of_truth()
    if run.trigger == 'hook':
        return plan_changes(run, source)
    thing, site = located(run, source)
    planned(run, source, site, [thing])


def plan_changes(run, source):
    """Plans what was changed in one site: SITE, else that of the event's object."""
    site, gathered = run.site or located(run, source)[1], Gathered()
    things, times = gather(run, source, gathered)
    things = [t for t in things if t.folder() == site]
    if not things:
        say(nothing_new(run))
        return finish(site=site, changes=False, pending=False, applied=False)
    planned(run, source, site, things)
    gathered.add({t.key: times[t.key] for t in things if t.key in times})


def planned(run, source, site, things):
    """Plans the objects, tells of it, and applies if that may be."""
    fresh_run_dir()
    with workshop() as saved:
        shown, changes, why = made(run, site, things, saved)
        allowed = bool(run.auto_apply & ({site, *things[0].places} if objects_dir() else {site}))
        auto = bool(changes) and allowed and not why
        outcome = 'Nothing to change.' if not changes else 'It is applied at once.' if auto else 'It waits for a person.'
        text = described(run, site, things, shown, saved)
        (run_dir() / 'report.md').write_text(report(run, things, changes, outcome, text), encoding='utf-8')
        tell(source, run, things, changes, outcome)
        if allowed and why:
            say('a person must agree: ' + '; '.join(why))
        if auto:
            terraform(run, site, 'apply', '-no-color', '-lock-timeout=10m', str(saved))
        elif changes:
            crypt('-e', saved, sealed())
    say(outcome)
    finish(site=site, changes=bool(changes), pending=bool(changes) and not auto, applied=auto, trigger=run.trigger)


def made(run, site, things, saved):
    """Makes the plan. Gives it as JSON, what it would do, and why a person must look
    at it."""
    say(f'site {site}: {", ".join(f"{t.kind} {t.id}" for t in things)}')
    init(run, site)
    terraform(run, site, 'plan', '-no-color', '-lock-timeout=10m', f'-out={saved}', *options(things))
    text = terraform(run, site, 'show', '-json', str(saved), capture=True)
    shown = json.loads(text)
    changes, why = changes_of(shown), reasons_against(shown, things)
    managed = {c['address'] for c in shown.get('resource_changes', ())}
    if run.trigger != 'hook' and not managed.intersection(things[0].addresses()):
        raise Stop(f'site {site} does not manage {things[0].kind} {things[0].id}: is it the right site, and ready there?')
    return text, changes, why


def options(things):
    """The options of a plan of these objects."""
    if not objects_dir():
        return [f'-target={address}' for t in things for address in t.addresses()]
    return [f'-var=name={things[0].name}'] + ([f'-var=site={things[0].site}'] if things[0].site else [])


def fresh_run_dir():
    """RUN_DIR without what an earlier run has left."""
    run_dir().mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ('tfplan.enc', 'report.md', 'report.html', 'result.json'):
        (run_dir() / name).unlink(missing_ok=True)
    return run_dir()


def apply():
    """Applies the saved plan, for whoever has agreed."""
    must_have_passphrase()
    path = run_dir() / 'result.json'
    if not path.exists():
        raise Stop(f'{path} is missing: has the plan expired? Start a new run')
    result = json.loads(path.read_text(encoding='utf-8'))
    if not result.get('pending'):
        return say('there is nothing to apply')
    site = site_folder(str(result.get('site', '')))
    run = Run('', '', site, str(result.get('trigger', 'demand')), actor(), frozenset(), (), '')
    if not sealed().exists():
        raise Stop(f'{sealed()} is missing: has the plan expired? Start a new run')
    with workshop() as saved:
        crypt('-d', sealed(), saved)
        init(run, site)
        terraform(run, site, 'apply', '-no-color', '-lock-timeout=10m', str(saved))
    finish(site=site, changes=True, pending=False, applied=True)


def main(args):
    commands = {'find': find, 'plan': plan, 'pending': pending, 'apply': apply}
    if len(args) != 1 or args[0] not in commands:
        print('usage: one-object.sh find|plan|pending|apply', file=sys.stderr)
        return 2
    try:
        commands[args[0]]()
    except Stop as e:
        print(f'one-object: {e}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
