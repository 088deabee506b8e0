"""The python_environments table."""

from __future__ import annotations

from leadline.linux import pyenvironments, pypackages
from leadline.linux.text import clean
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import per_user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.linux.pyenvironments import Environment


@table(
    "python_environments",
    Column("path", TEXT, "Directory of the environment, its prefix.", index=True, optimized=True),
    Column(
        "kind",
        TEXT,
        "What made it: `system`, `user`, `venv`, `pipx`, `uv`, `conda`, `poetry`, `pyenv`, `pipenv`, `hatch`, `asdf`,"
        " `mise`, `virtualenvwrapper`, or `other`.",
    ),
    Column("python_version", TEXT, "Version of Python it is for.", collate="version"),
    Column("base_interpreter", TEXT, "Interpreter it was made from, or its own where it stands for itself."),
    Column("packages", INTEGER, "Number of packages that are installed in it."),
    Column("uid", BIGINT, "User whose home directory it lies in, elsewhere the directory's owner.", index=True),
    Column("prompt", TEXT, "What a shell shows while it is active."),
    Column("system_site_packages", INTEGER, "1 when the packages of the base can be used too."),
    Column(
        "directory",
        TEXT,
        "Directory it lies in; name another to search all that is below it.",
        index=True,
        optimized=True,
    ),
    platforms=LINUX,
    ours=True,
    user_data=True,
    examples=[
        "SELECT path, kind, python_version, packages FROM python_environments",
        "SELECT path, python_version FROM python_environments WHERE directory = '/srv'",
    ],
    notes=(
        "Searched are the usual places of the system and, for the users that are asked for, of their home directories,"
        " one directory deep for `.venv` and `venv`. With `directory` everything below it is searched, six levels and"
        " 50,000 directories at most. A prefix with libraries of several versions of Python has a row for each."
    ),
)
def python_environments(query: Query) -> Rows:
    """Python environments: interpreters' own, virtual ones, and those that tools keep."""
    root = query.root
    for environment, uid, directory in _found(query):
        path = environment.path
        known = pyenvironments.settings(root, path)
        packages = sum(1 for site in environment.sites for _ in pypackages.installed(root, site))
        version = pyenvironments.version(root, environment, known)
        base = pyenvironments.interpreter(root, environment, known)
        yield (
            clean(path),
            environment.kind,
            None if version is None else clean(version),
            None if base is None else clean(base),
            packages,
            uid,
            known.get("prompt", "").strip("'\"") or None,
            int(known["include-system-site-packages"].lower() == "true")
            if "include-system-site-packages" in known
            else None,
            clean(path.rpartition("/")[0] or "/") if directory is None else directory,
        )


def _found(query: Query) -> Iterator[tuple[Environment, int | None, str | None]]:
    """The environments, each with its uid and the directory that a search was asked for in."""
    root = query.root
    paths, directories = query.equals("path"), query.equals("directory")
    if paths is not None:
        for path in dict.fromkeys(paths):
            if isinstance(path, str) and path.startswith("/"):
                for environment in pyenvironments.at(root, path):
                    yield environment, pyenvironments.owner(root, path), None
        return
    if directories is not None:
        for directory in dict.fromkeys(directories):
            if isinstance(directory, str) and directory.startswith("/"):
                for environment in pyenvironments.below(root, directory, query.cancelled):
                    yield environment, pyenvironments.owner(root, environment.path), directory
        return
    for environment in pyenvironments.system(root, query.cancelled):
        yield environment, pyenvironments.owner(root, environment.path), None
    for user in per_user.users(query):
        for environment in pyenvironments.user(root, user.directory, query.cancelled):
            yield environment, user.uid, None
