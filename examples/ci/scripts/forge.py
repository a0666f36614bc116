"""What site.sh asks of GitHub and GitLab, by their REST APIs."""
import http.client
import io
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
import zipfile

from one_object import NoRedirect, Stop

PAGE = 100
PLAN_JOB = 'fleet:plan'  # of gitlab/fleet.yml; GitLab adds the site, in brackets
LARGEST = 500 << 20  # bytes of an answer


def outputs(**values):
    """Gives values to the following steps of a job at GitHub."""
    if os.environ.get('GITHUB_OUTPUT'):
        with open(os.environ['GITHUB_OUTPUT'], 'a', encoding='utf-8') as f:
            f.writelines(f'{k}={v}\n' for k, v in values.items())


def variable(name, pattern):
    text = os.environ.get(name, '')
    if not re.fullmatch(pattern, text):
        raise Stop(f'{name}: {"it is not set" if not text else "it is not what it should be"}; the CI sets it, see site.sh')
    return text


def token(name):
    """A token, which no message shows."""
    return variable(name, r'[\x21-\x7e]+')


class Forge:
    """What GitHub and GitLab have in common."""

    def __init__(self, url, headers):
        self.url, self.headers = url.rstrip('/'), dict(headers, **{'Content-Type': 'application/json', 'User-Agent': 'provision'})
        self.opener = urllib.request.build_opener(NoRedirect)

    def send(self, method, path, body=None):
        """One request; gives the answer, whatever its status."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, self.headers, method=method)
        try:
            try:
                with self.opener.open(request, timeout=60) as answer:
                    return answer.status, answer.headers, answer.read(LARGEST)
            except urllib.error.HTTPError as e:
                return e.code, e.headers, e.read(LARGEST)
        except (OSError, http.client.HTTPException) as e:
            raise Stop(f'{method} {self.url}{path}: {e}: is the address right, and the server up?') from None

    def call(self, method, path, body=None):
        status, _, content = self.send(method, path, body)
        if status >= 300:
            hint = ': may the token do this (see the guide "The pipeline of a fleet")?' if status in (401, 403, 404) else ''
            raise Stop(f'{method} {self.url}{path}: {status} {content[:300].decode(errors="replace")}{hint}')
        return json.loads(content) if content else None

    def pages(self, path):
        """The objects of a list, page by page."""
        number = 1
        while True:
            page = self.call('GET', f'{path}{"&" if "?" in path else "?"}per_page={PAGE}&page={number}')
            yield from page
            if len(page) < PAGE:
                return
            number += 1

    def post(self, site, text):
        """Writes the one comment of a site, or updates it. One that somebody else
        has written is left alone, whatever it says: its author could change it."""
        mark = f'<!-- provision: site {site} -->\n'
        thread = self.thread()
        for comment in self.pages(thread):
            if comment['body'].replace('\r\n', '\n').startswith(mark) and self.author(comment) == self.me():
                return self.update(thread, comment['id'], mark + text)
        return self.call('POST', thread, {'body': mark + text})

    def download(self, path, right):
        """An artifact. It may lie elsewhere, where the token does not go."""
        status, headers, content = self.send('GET', path)
        if status in (301, 302, 303, 307, 308):
            where = urllib.parse.urljoin(self.url + path, headers.get('Location', ''))
            if not where.startswith(('https://', 'http://')):
                raise Stop(f'fetch: the server says that the artifact is at {where[:200]!a}')
            try:
                with urllib.request.urlopen(where, timeout=60) as answer:
                    return answer.read(LARGEST)
            except (OSError, ValueError, http.client.HTTPException) as e:
                raise Stop(f'fetch: the artifact cannot be read where the server says it is: {e}') from None
        if status != 200:
            raise Stop(f'fetch: GET {self.url}{path}: {status}: may the token read artifacts ({right})?')
        return content


class GitHub(Forge):
    """github.com and GitHub Enterprise Server."""

    def __init__(self):
        url = os.environ.get('GITHUB_API_URL') or 'https://api.github.com'
        super().__init__(url, {'Authorization': 'Bearer ' + token('GITHUB_TOKEN'), 'Accept': 'application/vnd.github+json', 'X-GitHub-Api-Version': '2022-11-28'})
        self.repository = '/repos/' + variable('GITHUB_REPOSITORY', r'[\w.-]+/[\w.-]+')

    def request(self):
        """The number of the pull request, and the commit at its head."""
        if os.environ.get('PULL_REQUEST'):
            number = variable('PULL_REQUEST', '[0-9]+')
            return number, self.call('GET', f'{self.repository}/pulls/{number}')['head']['sha']
        sha = variable('COMMIT', '[0-9a-f]{40,64}')
        merged = [p for p in self.pages(f'{self.repository}/commits/{sha}/pulls') if p.get('merged_at') and p.get('merge_commit_sha') == sha]
        if not merged:
            raise Stop(f'commit {sha} came with no pull request: nobody has agreed to a plan of it. Start the workflow by hand: it plans, waits for a reviewer, and applies')
        return str(merged[0]['number']), merged[0]['head']['sha']

    def thread(self):
        return f'{self.repository}/issues/{self.request()[0]}/comments'

    def author(self, comment):
        return comment['user']['login']

    def me(self):
        return os.environ.get('POST_AS') or 'github-actions[bot]'

    def update(self, _, number, text):
        return self.call('PATCH', f'{self.repository}/issues/comments/{number}', {'body': text})

    def kept(self, site):
        """The files that the last plan of the merged pull request has kept."""
        number, sha = self.request()
        name = f'provision-plan-{site}-{sha}'
        listed = self.call('GET', f'{self.repository}/actions/artifacts?per_page={PAGE}&name={urllib.parse.quote(name)}')['artifacts']
        usable = [a for a in listed if a['name'] == name and not a['expired'] and a['workflow_run']['head_sha'] == sha]
        if not usable:
            raise Stop(f'site {site}: fetch: pull request {number} has no plan of this site for its last commit {sha}, or it has expired. '
                       'Start the workflow by hand: it plans, waits for a reviewer, and applies')
        latest = max(usable, key=lambda a: a['created_at'])
        url = latest['archive_download_url']
        if not url.startswith(self.url + self.repository):
            raise Stop(f'fetch: {url[:200]!a} is not below {self.url}')
        return unzipped(site, self.download(url.removeprefix(self.url), 'actions: read'))


def planned_commit(files):
    """The commit that a plan is of. That nobody has changed it is what apply checks."""
    try:
        return json.loads(files['approved.json'])['commit']
    except (KeyError, TypeError, ValueError):
        return None


def unzipped(site, content, folder=''):
    """The files of a folder of an archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as z:
            names = [n for n in z.namelist() if n.startswith(folder) and '/' not in n[len(folder):] and z.getinfo(n).file_size < LARGEST]
            return {n[len(folder):]: z.read(n) for n in names if n != folder}
    except zipfile.BadZipFile:
        raise Stop(f'site {site}: fetch: what came is not a zip file: run the job again') from None


class GitLab(Forge):
    """gitlab.com and GitLab of one's own."""

    def __init__(self):
        super().__init__(variable('CI_API_V4_URL', 'https?://.+'), {'PRIVATE-TOKEN': token('GITLAB_TOKEN')})
        self.project = '/projects/' + variable('CI_PROJECT_ID', '[0-9]+')

    def request(self):
        """The number of the merge request."""
        if os.environ.get('CI_MERGE_REQUEST_IID'):
            return variable('CI_MERGE_REQUEST_IID', '[0-9]+')
        return str(self.merged()['iid'])

    def merged(self):
        """The merge request that the commit came with."""
        sha = variable('COMMIT', '[0-9a-f]{40,64}')
        for m in self.pages(f'{self.project}/repository/commits/{sha}/merge_requests'):
            if m.get('state') == 'merged' and sha in (m.get('merge_commit_sha'), m.get('squash_commit_sha'), m.get('sha')):
                return m
        raise Stop(f'commit {sha} came with no merge request: nobody has agreed to a plan of it. '
                   'Start a pipeline with FLEET=apply: it plans, waits for a person, and applies')

    def kept(self, site):
        """The files that the last pipeline of the merged request has kept."""
        merge = self.merged()
        plan = f'{PLAN_JOB}: [{site}]'
        pipelines = self.pages(f'{self.project}/merge_requests/{merge["iid"]}/pipelines')
        newest = max((p['id'] for p in pipelines), default=None)
        done = self.pages(f'{self.project}/pipelines/{newest}/jobs?scope[]=success') if newest else ()
        jobs = [j['id'] for j in done if j['name'] == plan]
        if jobs:
            files = unzipped(site, self.download(f'{self.project}/jobs/{max(jobs)}/artifacts', 'read_api'), f'provision-run/{site}/')
            if planned_commit(files) == merge['sha']:
                return files
        raise Stop(f'site {site}: fetch: merge request {merge["iid"]} has no plan of this site for its last commit {merge["sha"]}, or it has expired. '
                   'Start a pipeline with FLEET=apply: it plans, waits for a person, and applies')

    def thread(self):
        return f'{self.project}/merge_requests/{self.request()}/notes'

    def author(self, note):
        return note['author']['username']

    def me(self):
        if not hasattr(self, 'name'):
            self.name = self.call('GET', '/user')['username']
        return self.name

    def update(self, thread, number, text):
        return self.call('PUT', f'{thread}/{number}', {'body': text})


def of_environment():
    """The one that the job runs at."""
    if os.environ.get('GITLAB_CI') or os.environ.get('CI_API_V4_URL'):
        return GitLab()
    return GitHub()
