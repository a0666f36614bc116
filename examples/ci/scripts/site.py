"""What site.sh does. Standard library only.

What comes in is data: it is checked, and given to programs as an argument or in
the environment. There is no shell.
"""
import contextlib
import datetime
import hmac
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import changed  # noqa: E402
import forge  # noqa: E402
from one_object import SITE_NAME, Cancel, Stop  # noqa: E402

FAILED, USAGE, DRIFT, STALE, EARLY = 1, 2, 3, 4, 5
PROVIDER = '/netprovision/provision'
KEPT = ('approved.json', 'tfplan.enc', 'seal')
# What Terraform and the provider say when things are not as they were planned.
STALE_SIGNS = ('Saved plan is stale', 'changed since the plan', 'Provider produced inconsistent final plan')


class End(Exception):
    """Ends the run with an exit code of its own."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


def say(site, text):
    print(f'site {site}: {text}', flush=True)


# ---- what comes in -----------------------------------------------------------


def sites_dir():
    return pathlib.PurePosixPath(os.environ.get('SITES') or 'sites')


def all_sites():
    folder = pathlib.Path(sites_dir())
    names = sorted(p.name for p in folder.glob('*') if p.is_dir() and SITE_NAME.fullmatch(p.name) and any(p.glob('*.tf')))
    if not names:
        raise Stop(f'{folder}/ has no folder with *.tf: set SITES to the folder of the sites, and run this in the root of the repository')
    return names


def device_url(site):
    """The page of a device, with {name} and {site} to be filled in; empty without."""
    text = os.environ.get('DEVICE_URL', '')
    if text and not re.fullmatch(r'https?://[^\s<>"\\]{1,1000}', text):
        raise Stop(f'site {site}: DEVICE_URL {text[:100]!a} is no address such as https://netbox.example.net/dcim/devices/?name={{name}}')
    return text


def plan_key(site):
    key = os.environ.get('PLAN_KEY', '')
    if len(key) < 32 or not key.isprintable():
        raise Stop(f'site {site.name}: PLAN_KEY is missing or shorter than 32 characters: make one with openssl rand -hex 32, and give it to the jobs that plan and apply')
    return key.encode()


class Site:
    """A site and its folders."""

    def __init__(self, name):
        if name not in all_sites():
            raise Stop(f'site {name[:100]!a}: there is no such folder in {sites_dir()}/')
        self.name, self.root = name, pathlib.Path(sites_dir()) / name
        self.device_url = device_url(name)
        self.out = pathlib.Path(os.environ.get('RUN_DIR') or 'provision-run').resolve() / name
        self.run_id = os.environ.get('PROVISION_RUN_ID') or 'run-' + datetime.datetime.now(datetime.timezone.utc).strftime('%Y%m%dT%H%M%S.%f')

    def fresh(self, *names):
        """Makes the folder for results, without these files of an earlier run."""
        self.out.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ('result.json', *names):
            (self.out / name).unlink(missing_ok=True)

    def finish(self, step, status, changes):
        """Writes the result, for people and for the next step."""
        result = {'site': self.name, 'step': step, 'status': status, 'changes': changes, 'commit': os.environ.get('COMMIT', '')}
        (self.out / 'result.json').write_text(json.dumps(result) + '\n', encoding='utf-8')
        forge.outputs(site=self.name, status=status, changes=str(changes).lower())


# ---- Terraform -----------------------------------------------------------------


class Log:
    """What Terraform said, in the lines of -json."""

    def __init__(self, path):
        self.path, self.errors, self.done = path, [], set()

    def take(self, line):
        """Reads one line and shows it as a person reads it."""
        try:
            event = json.loads(line)
        except ValueError:
            print(line.rstrip('\n'), flush=True)
            return
        print(event.get('@message', ''), flush=True)
        trouble = event.get('diagnostic') or {}
        if trouble.get('detail'):
            print('    ' + trouble['detail'].replace('\n', '\n    '), flush=True)
        if trouble.get('severity') == 'error':
            self.errors.append(trouble.get('summary', '') + '\n' + trouble.get('detail', ''))
        if event.get('type') == 'apply_complete':
            self.done.add(event['hook']['resource']['addr'])

    def stale(self):
        """Tells that all that went wrong is that things changed after the plan.
        max_failures is what the others are told after the first."""
        signs = [any(s in e for s in STALE_SIGNS) for e in self.errors]
        return any(signs) and all(s or 'max_failures' in e for s, e in zip(signs, self.errors))


class Terraform:
    """Terraform in the root of a site. Its files are gone at the end of the job."""

    def __init__(self, site, work, **more):
        self.site, self.work, self.cancel, self.provider = site, pathlib.Path(work), Cancel(), os.environ.get('PROVISION_BINARY')
        self.env = dict(os.environ, TF_IN_AUTOMATION='1', TF_INPUT='0', PROVISION_RUN_ID=site.run_id, **more)
        for name in ('PLAN_KEY', 'GITHUB_TOKEN', 'GITLAB_TOKEN'):
            self.env.pop(name, None)
        self.program = os.environ.get('TERRAFORM') or 'terraform'
        self.lock = '-lock-timeout=' + (os.environ.get('LOCK_TIMEOUT') or '10m')

    def start(self, *args, **more):
        command = [self.program, f'-chdir={self.site.root}', *args]
        return self.cancel.start(f'site {self.site.name}: cancelled before {args[0]}', command, env=self.env, **more)

    def init(self):
        if self.start('init', '-no-color').wait():
            raise Stop(f'site {self.site.name}: init failed, see above: is the backend of the state there, and the provider to be had?')
        self.provider = self.provider or self.chosen()

    def told(self, name, *args):
        """Runs a command with -json; gives its exit code and what it said."""
        log = Log(self.work / f'{name}.jsonl')
        child = self.start(args[0], '-json', *args[1:], stdout=subprocess.PIPE, encoding='utf-8', errors='replace')
        with open(log.path, 'w', encoding='utf-8') as f:
            for line in child.stdout:
                f.write(line)
                log.take(line)
        return child.wait(), log

    def plan(self):
        """Makes a plan, which may have failed."""
        saved = self.work / 'tfplan'
        code, log = self.told('plan', 'plan', self.lock, '-detailed-exitcode', f'-out={saved}')
        shown = self.work / 'plan.json'
        with open(shown, 'wb') as f:
            if saved.exists() and self.start('show', '-json', str(saved), stdout=f).wait():
                raise Stop(f'site {self.site.name}: show failed, see above')
        return Plan(self, saved, shown, log, failed=code not in (0, 2), changes=code == 2)

    def chosen(self):
        """The provider that init has chosen; it makes the reports."""
        child = self.start('version', '-json', stdout=subprocess.PIPE)
        chosen = json.loads(child.communicate()[0] or b'{}').get('provider_selections', {})
        for address, version in chosen.items():
            if address.endswith(PROVIDER):
                found = sorted((self.site.root / '.terraform/providers' / address / version).glob('*/terraform-provider-provision*'))
                if found:
                    return str(found[0].resolve())
        raise Stop(f'site {self.site.name}: init has put no provider netprovision/provision below {self.site.root}/.terraform, which makes the reports: set PROVISION_BINARY')

    def report(self, *args, stdin=None):
        """Runs a report of the provider; gives whether it could be made."""
        env = dict(self.env, PLAN_KEY=os.environ.get('PLAN_KEY', ''))
        about = ['-commit', os.environ.get('COMMIT', '')] if args[0] in ('plan', 'run') else []
        if about and os.environ.get('REPORT_URL'):
            about += ['-run-url', os.environ['REPORT_URL']]
        if about and self.site.device_url:  # a run has no site but this one
            url = self.site.device_url if args[0] == 'plan' else self.site.device_url.replace('{site}', self.site.name)
            about += ['-device-url', url]
        with open(stdin or os.devnull, 'rb') as f:
            return subprocess.run([self.provider, 'report', args[0], *about, *args[1:]], env=env, stdin=f, check=False).returncode == 0


def lock_help(log):
    """What to do about a state that is locked."""
    if any('state lock' in e for e in log.errors):
        return ('; the state is locked: another run of this site is at work, or was killed. Wait for it and run the job again. '
                'With the backend pg a lock ends with the connection that holds it; with others: terraform force-unlock, once no run is at work')
    return ''


class Plan:
    """A plan that was made."""

    def __init__(self, terraform, saved, shown, log, failed, changes):
        self.terraform, self.site = terraform, terraform.site
        self.saved, self.shown, self.log, self.failed, self.changes = saved, shown, log, failed, changes

    def write_report(self):
        out, site = self.site.out, self.site.name
        made = self.terraform.report('plan', '-title', site, '-site', site, '-html', str(out / 'report.html'), '-markdown', str(out / 'report.md'),
                                     '-markdown-limit', '60000', '-log', str(self.log.path), stdin=self.shown)
        if not made:
            raise Stop(f'site {site}: the report could not be made, see above')

    def must_be_whole(self):
        if self.failed:
            raise Stop(f'site {self.site.name}: plan failed, see above{lock_help(self.log)}')

    def effects(self):
        """What the plan does, in a form to be compared."""
        path = self.terraform.work / 'effects.json'
        if not self.terraform.report('fingerprint', '-o', str(path), stdin=self.shown):
            raise Stop(f'site {self.site.name}: the fingerprints could not be made, see above')
        return json.loads(path.read_text(encoding='utf-8'))['changes']

    def keep(self):
        """Keeps what apply needs: encrypted, and signed with what was agreed to."""
        approved = {'site': self.site.name, 'commit': os.environ.get('COMMIT', ''), 'pending': self.changes, 'changes': self.effects()}
        (self.site.out / 'approved.json').write_text(json.dumps(approved, indent=2) + '\n', encoding='utf-8')
        crypt(self.site, '-e', self.saved, self.site.out / 'tfplan.enc')
        (self.site.out / 'seal').write_text(seal(self.site) + '\n', encoding='ascii')


# ---- the saved plan --------------------------------------------------------------


def crypt(site, way, source, target):
    done = subprocess.run(['openssl', 'enc', way, '-aes-256-cbc', '-pbkdf2', '-iter', '100000', '-pass', 'env:PLAN_KEY',
                           '-in', str(source), '-out', str(target)], check=False)
    if done.returncode:
        pathlib.Path(target).unlink(missing_ok=True)
        raise Stop(f'site {site.name}: openssl failed on the saved plan, see above: is PLAN_KEY the same in both jobs?')


def seal(site):
    """The signature of what is kept. Its key is another than the one that openssl
    makes of PLAN_KEY."""
    key = hmac.digest(plan_key(site), b'provision: seal of a saved plan', 'sha256')
    mac = hmac.new(key, digestmod='sha256')
    for part in (site.name.encode(), *((site.out / name).read_bytes() for name in KEPT[:2])):
        mac.update(len(part).to_bytes(8, 'big') + part)
    return mac.hexdigest()


def unseal(site, target):
    """Checks what was kept, makes the plan readable, and gives what was agreed to."""
    for name in KEPT:
        if not (site.out / name).exists():
            raise Stop(f'site {site.name}: {site.out / name} is missing: there is no plan that was agreed to, or it has expired. Start a run that plans anew')
    if not hmac.compare_digest(seal(site).encode(), (site.out / 'seal').read_bytes().strip()):
        raise Stop(f'site {site.name}: the saved plan is not the one that was made with this PLAN_KEY for this site: nothing was applied. '
                   'Was PLAN_KEY changed? Start a run that plans anew')
    approved = json.loads((site.out / 'approved.json').read_text(encoding='utf-8'))
    crypt(site, '-d', site.out / 'tfplan.enc', target)
    return approved


def not_before(site, cancel):
    """Waits for the time of the apply if it is near, and ends the run if it is not."""
    path, text = site.root / 'not_before', os.environ.get('NOT_BEFORE', '')
    if not text and path.exists():
        text = path.read_text(encoding='utf-8')
    text = text.strip()
    if not text:
        return
    try:
        at = datetime.datetime.fromisoformat(re.sub('[Zz]$', '+00:00', text))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Stop(f'site {site.name}: NOT_BEFORE {text[:100]!a} is no time with a zone, such as 2026-11-28T22:00:00+01:00')
    minutes = os.environ.get('NOT_BEFORE_WAIT') or '0'
    if not re.fullmatch('[0-9]{1,4}', minutes):
        raise Stop(f'site {site.name}: NOT_BEFORE_WAIT {minutes[:100]!a} is no number of minutes')
    if seconds_to(at) > int(minutes) * 60:
        site.finish('apply', 'early', True)
        raise End(EARLY, f'site {site.name}: it is too early: NOT_BEFORE is {text}. Nothing was done; run this job again then')
    if seconds_to(at) > 0:
        say(site.name, f'waiting for {text}')
    while seconds_to(at) > 0:
        if cancel.asked:
            raise Stop(f'site {site.name}: cancelled before the time of the apply: nothing was done')
        time.sleep(min(seconds_to(at), 1))


def seconds_to(at):
    """The seconds until a time, none when it has come."""
    return max(0, (at - datetime.datetime.now(datetime.timezone.utc)).total_seconds())


# ---- commands ----------------------------------------------------------------------


@contextlib.contextmanager
def workshop(site, **more):
    """A Terraform whose files are outside of what a CI keeps, and gone afterwards."""
    with tempfile.TemporaryDirectory(prefix='provision-') as work:
        yield Terraform(site, work, **more)


def plan(site):
    plan_key(site)
    site.fresh('report.md', 'report.html', 'run.html', *KEPT)
    with workshop(site) as terraform:
        terraform.init()
        made = terraform.plan()
        made.write_report()
        if made.failed:
            site.finish('plan', 'failed', False)
        made.must_be_whole()
        made.keep()
        site.finish('plan', 'planned', made.changes)
        say(site.name, 'planned; ' + ('it waits for the merge' if made.changes else 'nothing changes'))


def drift(site):
    site.fresh('report.md', 'report.html')
    with workshop(site, TF_VAR_nightly='true') as terraform:
        terraform.init()
        made = terraform.plan()
        made.write_report()
        site.finish('drift', 'failed' if made.failed else 'drift' if made.changes else 'none', made.changes)
        made.must_be_whole()
    if made.changes:
        raise End(DRIFT, f'site {site.name}: drift: something differs from what is intended; the report shows what')
    say(site.name, 'no drift')


def apply(site):
    plan_key(site)
    site.fresh('run.html')
    with workshop(site) as terraform:
        saved = terraform.work / 'approved'
        approved = unseal(site, saved)
        if not approved['pending']:
            site.finish('apply', 'nothing', False)
            return say(site.name, 'nothing was to be changed')
        not_before(site, terraform.cancel)
        status = 'failed'
        try:
            terraform.init()
            status = apply_saved(terraform, saved, approved['changes'])
        finally:
            events = site.root / (os.environ.get('EVENTS_FILE') or 'events.jsonl')
            if terraform.provider and events.exists() and not terraform.report('run', '-run-id', site.run_id, '-title', site.name, '-html', str(site.out / 'run.html'), str(events)):
                say(site.name, 'there is no report of the run, see above')
            site.finish('apply', status, True)
    if status == 'stale':
        raise End(STALE, f'site {site.name}: apply stopped: the plan was stale, and a new one does something else. '
                  'The report of the new plan is in the run; read it, and start a run that plans and applies anew')
    say(site.name, 'applied')


def apply_saved(terraform, saved, approved):
    """Applies the plan; if it is stale, a new one with the same effect. Gives the
    status."""
    site = terraform.site
    code, log = terraform.told('apply', 'apply', terraform.lock, str(saved))
    if code == 0:
        return 'applied'
    if not log.stale():
        raise Stop(f'site {site.name}: apply failed, see above{lock_help(log)}; mend the cause, then start a run that plans anew')
    say(site.name, 'the plan is stale: planning again')
    made = terraform.plan()
    made.must_be_whole()
    left = [e for e in approved if e['address'] not in log.done]
    effects = made.effects()
    if effects and effects != left:
        made.write_report()
        differences(site, left, effects)
        return 'stale'
    if made.changes:
        say(site.name, 'the new plan has the effect that was agreed to: applying it')
        code, log = terraform.told('apply again', 'apply', terraform.lock, str(made.saved))
        if code:
            raise Stop(f'site {site.name}: apply of the new plan failed, see above{lock_help(log)}; start a run that plans anew')
    return 'applied'


def differences(site, approved, new):
    """Says what the new plan does otherwise."""
    was, now = ({e['address']: e for e in effects} for effects in (approved, new))
    for address in sorted({**was, **now}):
        if address not in now:
            say(site.name, f'{address}: {"/".join(was[address]["actions"])} was agreed to, now it has nothing to do')
        elif address not in was:
            say(site.name, f'{address}: {"/".join(now[address]["actions"])} was not agreed to')
        elif was[address] != now[address]:
            say(site.name, f'{address}: {"/".join(now[address]["actions"])}, but not with the change that was agreed to')


def post(site):
    path = site.out / 'report.md'
    if not path.exists():
        raise Stop(f'site {site.name}: post: {path} is missing: run plan, apply or drift first')
    result = site.out / 'result.json'
    status = json.loads(result.read_text(encoding='utf-8'))['status'] if result.exists() else 'failed'
    forge.of_environment().post(site.name, HEADLINES.get(status, '') + path.read_text(encoding='utf-8'))
    say(site.name, 'the report is posted')


HEADLINES = {
    'stale': '> [!WARNING]\n> **Not applied.** The plan that was agreed to was stale, and a new one, below, does something else.\n\n',
    'applied': '> **Applied.**\n\n',
    'early': '> **Not applied yet:** it waits for its time.\n\n',
    'failed': '> [!WARNING]\n> **Failed.** The log of the run says why.\n\n',
}


def fetch(site):
    plan_key(site)
    site.fresh('report.md', 'report.html', 'run.html', *KEPT)
    for name, content in forge.of_environment().kept(site.name).items():
        if name in ('report.md', 'report.html', *KEPT):
            (site.out / name).write_bytes(content)
    say(site.name, 'the plan that was agreed to is here')


def list_sites(names):
    for name in names:
        print(name)
    forge.outputs(sites=json.dumps(names))


def main(args):
    steps = {'plan': plan, 'apply': apply, 'drift': drift, 'post': post, 'fetch': fetch}
    try:
        if len(args) in (1, 2) and args[0] == 'all':
            list_sites([Site(name).name for name in args[1:] or all_sites()])
        elif len(args) in (2, 3) and args[0] == 'changed':
            list_sites(changed.sites(sites_dir(), all_sites(), *args[1:]))
        elif len(args) == 2 and args[0] in steps:
            steps[args[0]](Site(args[1]))
        else:
            print('usage: site.sh all [SITE] | changed BASE [HEAD] | plan|fetch|apply|drift|post SITE', file=sys.stderr)
            return USAGE
    except End as e:
        print(e, file=sys.stderr)
        return e.code
    except Stop as e:
        print(e, file=sys.stderr)
        return FAILED
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
