"""Which sites two commits concern. What the sites read is found by the paths in
their files: too many sites cost a plan that changes nothing, too few a change that
nobody sees, so in doubt it is all that can be meant."""
import posixpath
import re
import subprocess

from one_object import Stop

# Texts in HCL and YAML that can be paths; ${path.module} and ${path.root} are
# where they are looked for anyway. Texts in an interpolation are found as well.
PART = r'[^{}"\\]|\\.|"(?:[^"\\]|\\.)*"'
BRACES = rf'\{{(?:{PART}|\{{(?:{PART}|\{{(?:{PART})*\}})*\}})*\}}'
HCL_TEXT = re.compile(rf'(?=(\b(?:file\w*|templatefile)\(\s*)?"(?:\$\{{\s*path\.(?:module|root)\s*\}}/)?((?:[^"\\$%\n]|\\.|[$%]{BRACES}|[$%](?!\{{))+)")')
# What is known at plan only can be anything: all between directives, interpolations,
# and verbs of format().
UNKNOWN = re.compile(rf'%{BRACES}.*%{BRACES}|[$%]{BRACES}|%[-+ #0-9.]*[a-z]')
ANYTHING = '\0'
MODULE_SOURCE = re.compile(r'^\s*"?source"?\s*[=:]\s*"(\.\.?/[^"]*)"', re.MULTILINE)
WORD = re.compile(r'''[^\s"',:{}\[\]]+''')
BLOCK = re.compile(r'^(?=  "?[^\s#"])', re.MULTILINE)  # an object of an inventory file
BLOCK_SITE = re.compile(r'(?:^|[\s{,])site:\s*["\']?([A-Za-z0-9][\w.-]*)')


def paths(text):
    """The texts of a file of HCL that can be paths, with ANYTHING for what is not
    known. One of which nothing at all is known is a path where it is read as one."""
    found = set()
    for read, word in HCL_TEXT.findall(text):
        word = UNKNOWN.sub(ANYTHING, word)
        known = word.replace(ANYTHING, '')
        if word != known and word.startswith(ANYTHING) and not re.search('[A-Za-z0-9]', known):
            found |= {word} if read else set()
        elif '/' in known or '.' in known:
            found.add(word)
    return found


def matcher(word, folder):
    """What the paths look like that a word with ANYTHING leads to, from a folder:
    all that begin so, or, if it begins with ANYTHING, all that end so."""
    word = re.sub(f'(^|/){ANYTHING}(/\\.\\.)+(?=/|$)', rf'\1{ANYTHING}', word)
    if not word.startswith(ANYTHING):
        word = posixpath.normpath(posixpath.join(folder, word))
    form = re.escape('/' + word).replace(f'/{re.escape(ANYTHING)}/', '/(?:.*/)?').replace(re.escape(ANYTHING), '.*')
    return re.compile(form + '(?:/.*)?', re.DOTALL)


def git(*args):
    done = subprocess.run(['git', *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        why = done.stderr.decode(errors='replace').strip()
        raise Stop(f'changed: git {" ".join(args)}: {why or "there is no such commit"}: are both commits in this clone (fetch-depth: 0, GIT_DEPTH: 0)?')
    return done.stdout.decode(errors='replace')


def commit(name):
    """The commit of that name; it never is an option of git."""
    return git('rev-parse', '--verify', '--quiet', '--end-of-options', name + '^{commit}').strip()


class Tree:
    """The files of a commit."""

    def __init__(self, name):
        self.name = name
        self.files = set(git('ls-tree', '-r', '-z', '--name-only', '--full-tree', name).split('\0')) - {''}

    def text(self, path):
        return git('show', f'{self.name}:{path}') if path in self.files else ''

    def below(self, folder):
        return {f for f in self.files if f.startswith(folder + '/')}

    def named(self, words, folder):
        """Those files that words lead to, from a folder; of a folder all in it."""
        found = set()
        for word in words:
            if ANYTHING in word:
                match = matcher(word, folder).fullmatch
                found |= {f for f in self.files if match('/' + f)}
                continue
            path = posixpath.normpath(posixpath.join(folder, word))
            found |= {path} & self.files or self.below(path) if path not in ('.', '..') else set()
        return found

    def reads(self, root):
        """What a site reads: its root and modules as folders, and other files."""
        folders, files, todo = set(), set(), [root]
        while todo:
            folder = todo.pop()
            if folder in folders:
                continue
            folders.add(folder)
            for path in self.below(folder):
                if path.endswith(('.tf', '.tf.json')):
                    text = self.text(path)
                    todo += [posixpath.normpath(posixpath.join(posixpath.dirname(path), s)) for s in MODULE_SOURCE.findall(text)]
                    words = paths(text.replace('\\"', '"') if path.endswith('.json') else text)
                    files |= self.named(words, folder) | self.named(words, root)
        return folders, files

    def read_by_yaml(self, path):
        """What a file of YAML leads to, such as configurations of an inventory."""
        return self.named({w for w in WORD.findall(self.text(path)) if '/' in w}, posixpath.dirname(path))


def blocks(text):
    """The objects of an inventory file by their texts."""
    return set(BLOCK.split(text))


def sites_of(parts, names):
    """The sites that parts of an inventory file say; None when one says none."""
    found = set()
    for part in parts:
        site = BLOCK_SITE.search(part)
        if not site or site[1] not in names:
            return None
        found.add(site[1])
    return found


def concerned(changed, trees, path, names):
    """The sites that changes of a shared file, and of what it leads to, concern;
    None for all that read it."""
    if not path.endswith(('.yaml', '.yml')):
        return None if path in changed else set()
    was, now = (tree.text(path) for tree in trees)
    parts = blocks(was) ^ blocks(now)
    for led in (trees[0].read_by_yaml(path) | trees[1].read_by_yaml(path)) & changed:
        name = posixpath.relpath(led, posixpath.dirname(path))
        naming = {b for b in blocks(was) | blocks(now) if any(posixpath.normpath(w) == name for w in WORD.findall(b))}
        parts |= naming or {''}
    return sites_of(parts, names)


def sites(folder, names, base, head='HEAD'):
    """The sites that the difference of two commits concerns, in order."""
    if set(base) == {'0'}:  # what a CI gives for a new branch
        return names
    trees = Tree(commit(base)), Tree(commit(head))
    changed = set(git('diff', '--name-only', '--no-renames', '-z', trees[0].name, trees[1].name).split('\0')) - {''}
    where = posixpath.normpath(posixpath.join(git('rev-parse', '--show-prefix').strip(), str(folder)))
    shared = {}  # what a shared file means, looked at once
    found = []
    for name in names:
        root = posixpath.join(where, name)
        sides = [tree.reads(root) for tree in trees]
        folders, files = sides[0][0] | sides[1][0], sides[0][1] | sides[1][1]
        hit = any(path.startswith(f + '/') for path in changed for f in folders)
        for path in sorted(files):
            if not hit:
                if path not in shared:
                    shared[path] = concerned(changed, trees, path, names)
                hit = shared[path] is None or name in shared[path]
        if hit:
            found.append(name)
    return found
