"""The npm_packages table."""

from __future__ import annotations

from leadline.linux import npm, passwd, rooted
from leadline.linux.files import names
from leadline.linux.text import clean
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import namespaces
from leadline.tables.namespaces import MOUNT_NAMESPACE_ID, PID_WITH_NAMESPACE

_DEPTH = 100
_MANIFEST = ("name", "version", "description", "author", "license", "homepage")


@table(
    "npm_packages",
    Column("name", TEXT, "Name of the package, with its scope."),
    Column("version", TEXT, "Version of the package.", collate="version"),
    Column("description", TEXT, "What the package is for, in a sentence."),
    Column("author", TEXT, "Who wrote it; only the name where the package gives it apart from the address."),
    Column("license", TEXT, "Licence, or the address of its text in old packages."),
    Column("homepage", TEXT, "Address of the project's page."),
    Column("path", TEXT, "The package's package.json."),
    Column(
        "directory",
        TEXT,
        "Directory whose node_modules was searched; name a project's to search that.",
        index=True,
        optimized=True,
    ),
    Column("depth", INTEGER, "How many packages it is nested in: 0 for what was installed itself."),
    Column("max_depth", INTEGER, "Levels to descend, -1 for all; 100 unless told.", additional=True, hidden=True),
    PID_WITH_NAMESPACE,
    MOUNT_NAMESPACE_ID,
    platforms=LINUX,
    examples=[
        "SELECT name, version, directory FROM npm_packages WHERE max_depth = 0",
        "SELECT name, version, depth FROM npm_packages WHERE directory = '/srv/app'",
    ],
    notes=(
        "Searched are the system's library directories and, for every user, npm's own prefixes and the versions of"
        " Node.js that nvm, asdf, fnm, mise, Volta, Yarn and pnpm install. Projects are found only by `directory`."
        " A package.json that cannot be read or parsed gives a row with its path alone."
    ),
)  # fmt: skip
def npm_packages(query: Query) -> Rows:
    """Packages of Node.js, installed for all programs or in a directory that is named."""
    depths = query.equals("max_depth") or (_DEPTH,)
    most = depths[0] if isinstance(depths[0], int) else _DEPTH
    reads = query.uses(*_MANIFEST)
    for root, end in namespaces.roots(query):
        directories = query.equals("directory")
        found = npm.sites(root, _homes(root), query.cancelled) if directories is None else iter(directories)
        for site in dict.fromkeys(site for site in found if isinstance(site, str)):
            for package in npm.packages(root, site, most, query.cancelled):
                values = npm.manifest(root, package.path) if reads else {}
                yield (
                    *(values.get(key) for key in _MANIFEST),
                    clean(package.path),
                    clean(site),
                    package.depth,
                    most,
                    *end,
                )


def _homes(root: str) -> list[str]:
    """The users' home directories, and what lies beside them for users that only a directory service knows."""
    local = [user.directory for user in passwd.users(root) if user.directory.startswith("/") and user.directory != "/"]
    others = [f"/home/{name}" for name in sorted(names(rooted.path(root, "/home")))]
    return list(dict.fromkeys([*local, *others]))
