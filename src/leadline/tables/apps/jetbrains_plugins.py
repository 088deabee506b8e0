"""The jetbrains_plugins table."""

from __future__ import annotations

from leadline.linux import markup, rooted, walk, zipmember
from leadline.linux.text import clean
from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import per_user
from leadline.tables.apps import documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_HOME = ".local/share/JetBrains"
# By the beginning of the directory's name, which a version follows.
_PRODUCTS = {
    "CLion": "clion",
    "DataGrip": "datagrip",
    "GoLand": "goland",
    "IdeaIC": "intellij_idea_community_edition",
    "IntelliJIdea": "intellij_idea",
    "PhpStorm": "phpstorm",
    "PyCharm": "pycharm",
    "PyCharmCE": "pycharm_community_edition",
    "ReSharper": "resharper",
    "Rider": "rider",
    "RubyMine": "rubymine",
    "RustRover": "rust_rov",  # the name that osquery gives it
    "WebStorm": "webstorm",
}
_DESCRIPTOR = b"META-INF/plugin.xml"
_LARGEST = 1 << 20  # bytes of a descriptor that are looked at
_MOST_JARS = 500  # of one plugin
_FIELDS = ("name", "version", "vendor")

Plugin = dict[str, str]


@table(
    "jetbrains_plugins",
    Column(
        "product_type",
        TEXT,
        "Product: clion, datagrip, goland, intellij_idea, intellij_idea_community_edition, phpstorm, pycharm,"
        " pycharm_community_edition, resharper, rider, rubymine, rust_rov or webstorm.",
    ),
    Column("uid", BIGINT, "User who installed it.", index=True),
    Column("name", TEXT, "Name."),
    Column("version", TEXT, "Version.", collate="version"),
    Column("vendor", TEXT, "Who made it."),
    Column("path", TEXT, "Its directory, or its JAR file when it is a single one."),
    platforms=LINUX,
    user_data=True,
    examples=[
        "SELECT u.username, p.product_type, p.name, p.version FROM users u CROSS JOIN jetbrains_plugins p USING (uid)"
    ],
    notes="From `META-INF/plugin.xml` in the JAR files below `~/.local/share/JetBrains`; other users' need root."
    " Plugins that come with the product are not among them.",
)
def jetbrains_plugins(query: Query) -> Rows:
    """Plugins that users added to the development environments of JetBrains."""
    for user in per_user.users(query):
        home = f"{user.directory.rstrip('/')}/{_HOME}"
        for folder in documents.folders(query.root, home):
            product = _product(folder)
            if product is None:
                continue
            for path, plugin in _plugins(query, f"{home}/{folder}"):
                yield product, user.uid, *(plugin.get(field) for field in _FIELDS), clean(path)


def _product(folder: str) -> str | None:
    """The product a directory is of. `PyCharmCE2024.1` begins like PyCharm's, so the longest beginning counts."""
    fitting = [beginning for beginning in _PRODUCTS if folder.startswith(beginning)]
    return _PRODUCTS[max(fitting, key=len)] if fitting else None


def _plugins(query: Query, folder: str) -> Iterator[tuple[str, Plugin]]:
    """First plugins of one file, then those with a directory, whose files are in `lib`."""
    entries = walk.entries(query.root, folder)
    for name in sorted(entries):
        if _is_jar(name) and (plugin := _described(query.root, f"{folder}/{name}")) is not None:
            yield f"{folder}/{name}", plugin
    for name in sorted(entries):
        if query.cancelled():
            return
        if not name.endswith("/"):
            continue
        library = f"{folder}/{name}lib"
        jars = sorted(filter(_is_jar, walk.entries(query.root, library)))
        for jar in sorted(jars, key=lambda jar: _likelihood(name[:-1], jar))[:_MOST_JARS]:
            if (plugin := _described(query.root, f"{library}/{jar}")) is not None:
                yield f"{folder}/{name[:-1]}", plugin
                break


def _is_jar(name: str) -> bool:
    return name.lower().endswith((".jar", ".zip"))


def _likelihood(folder: str, jar: str) -> tuple[object, ...]:
    """Sorts first the file that the product itself would look into first for a plugin's descriptor."""
    last = jar.rpartition("-")[2] if "-" in jar else ""
    versioned = last[:1].isdigit() or (last[:1] in ("m", "M") and last[1:2].isdigit())
    lower = jar.lower()
    return (
        jar.startswith("resources"),
        versioned,
        not lower.startswith(folder.lower()),
        lower.endswith("-idea.jar"),
        jar == "database-plugin.jar",
        len(jar),
    )


def _described(root: str, jar: str) -> Plugin | None:
    """What the descriptor in a JAR file says, as far as it is XML; None without one."""
    data = zipmember.read(rooted.path(root, jar), _DESCRIPTOR, _LARGEST)
    return _fields(data) if data else None


def _fields(data: bytes) -> Plugin:
    """The texts of the elements right below the document's own, the first of each name."""
    found: Plugin = {}
    path: list[str] = []
    parser = markup.parser()

    def start(name: str, _: object) -> None:
        path.append(name)
        if len(path) == 2 and name in _FIELDS and name not in found:
            parser.CharacterDataHandler = lambda text: found.update({name: found.get(name, "") + text})

    def end(name: str) -> None:
        path.pop()
        if len(path) == 1:
            parser.CharacterDataHandler = None
            if name in found:
                found[name] = found[name].strip()

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        markup.feed(parser, data, True)
    except markup.MarkupError:
        pass  # a long descriptor is cut, and a damaged one still names its plugin
    return found
