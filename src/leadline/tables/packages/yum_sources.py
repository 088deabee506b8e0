"""The yum_sources table."""

from __future__ import annotations

from leadline.linux import yumrepos
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import namespaces
from leadline.tables.namespaces import PID_WITH_NAMESPACE

_OPTIONS = ("baseurl", "mirrorlist", "metalink", "enabled", "gpgcheck", "gpgkey")


@table(
    "yum_sources",
    Column("name", TEXT, "Name of the repository, for people."),
    Column("source", TEXT, "File that names the repository."),
    Column("baseurl", TEXT, "Addresses of the repository, separated by spaces."),
    Column("mirrorlist", TEXT, "Address of a list of mirrors."),
    Column("metalink", TEXT, "Address of a metalink, which lists mirrors and digests."),
    Column("enabled", TEXT, "Whether packages are taken from it, as written."),
    Column("gpgcheck", TEXT, "Whether the signatures of packages are checked, as written."),
    Column("gpgkey", TEXT, "Addresses of the keys that packages are signed with."),
    PID_WITH_NAMESPACE,
    platforms=LINUX,
    examples=[
        "SELECT name, source, baseurl FROM yum_sources WHERE enabled = '1'",
        "SELECT name, source FROM yum_sources WHERE gpgcheck = '0'",
    ],
    notes=(
        "From `/etc/yum.conf`, `/etc/dnf/dnf.conf` and the `.repo` files of the directories that their option"
        " `reposdir` names, else of `/etc/yum.repos.d`. Values stand as written: variables such as `$releasever` are"
        " not replaced, and an option that is missing, for which a default holds, is NULL."
    ),
)
def yum_sources(query: Query) -> Rows:
    """Repositories that yum and dnf take packages from."""
    for root, end in namespaces.roots(query):
        for file, options in yumrepos.repositories(root):
            yield (options.get("name"), file, *(options.get(option) for option in _OPTIONS), *end[:1])
