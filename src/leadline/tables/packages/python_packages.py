"""The python_packages table."""

from __future__ import annotations

from leadline.linux import pyenvironments, pypackages
from leadline.linux.text import clean
from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import namespaces, per_user
from leadline.tables.namespaces import PID_WITH_NAMESPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_METADATA = ("name", "version", "summary", "author", "license")


@table(
    "python_packages",
    Column("name", TEXT, "Name of the package."),
    Column("uid", BIGINT, "User whose home directory it lies in, 0 for the system's.", index=True),
    Column("version", TEXT, "Version of the package.", collate="version"),
    Column("summary", TEXT, "What the package is for, in a sentence."),
    Column("author", TEXT, "Who wrote it."),
    Column("license", TEXT, "Licence, as the author names it; of a longer text the first line."),
    Column("path", TEXT, "Directory or file with the package's metadata."),
    Column(
        "directory", TEXT, "Site directory it is installed in; name another to search that.", index=True, optimized=True
    ),
    PID_WITH_NAMESPACE,
    platforms=LINUX,
    user_data=True,
    examples=[
        "SELECT name, version, directory FROM python_packages WHERE name = 'requests'",
        "SELECT username, name, version FROM users CROSS JOIN python_packages USING (uid)",
    ],
    notes=(
        "Searched are the site directories of the system and, for the users that are asked for, of `~/.local`, pyenv,"
        " asdf, mise, uv, pipx, Poetry, Pipenv, Hatch, conda and virtual environments in usual places; see"
        " `python_environments`. Copies that a package carries along (`_vendor`) are left out; single-file `.egg-info`,"
        " `.egg` and `.egg-link` are understood."
    ),
)
def python_packages(query: Query) -> Rows:
    """Python packages that are installed for the system, for users and in their environments."""
    reads = query.uses(*_METADATA)
    for root, end in namespaces.roots(query):
        for site, uid in _sites(query, root):
            for path in pypackages.installed(root, site):
                values = pypackages.metadata(root, path) if reads else {}
                yield (
                    values.get("name"),
                    uid,
                    values.get("version"),
                    values.get("summary"),
                    values.get("author"),
                    values.get("license"),
                    clean(path),
                    clean(site),
                    *end[:1],
                )


def _sites(query: Query, root: str) -> Iterator[tuple[str, int]]:
    """The site directories to look at, each with the uid its packages count for."""
    named = query.equals("directory")
    if named is not None:
        yield from ((site, 0) for site in dict.fromkeys(named) if isinstance(site, str))
        return
    uids = query.equals("uid")
    if uids is None or 0 in uids:
        for environment in pyenvironments.system(root, query.cancelled):
            yield from ((site, 0) for site in environment.sites)
    for user in per_user.users(query, root):
        for environment in pyenvironments.user(root, user.directory, query.cancelled):
            yield from ((site, user.uid) for site in environment.sites)
