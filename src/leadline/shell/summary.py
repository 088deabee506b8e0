"""``.show`` and ``.version``: the versions and what is set."""

from __future__ import annotations

from leadline.shell.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.flags import Flags
    from leadline.shell.session import Session


def versions() -> str:
    """Two lines: the osquery release that this shell speaks, and SQLite's."""
    import apsw

    from leadline import OSQUERY_VERSION

    return f"osquery {OSQUERY_VERSION}\nusing SQLite {apsw.sqlite_lib_version()}\n"


def summary(session: Session) -> Iterator[str]:
    """The lines of ``.show``."""
    from leadline import __version__

    title = f"Leadline {__version__}"
    yield f"\033[1m{title}\033[0m\n" if session.interactive and session.stdout.terminal else f"{title}\n"
    yield "~" * 45 + "\n"
    yield versions()
    yield "\nGeneral settings:\n"
    yield from (setting(name, value) for name, value in general(session.flags))
    yield "\nShell settings:\n"
    yield from (setting(name, value) for name, value in shell(session.settings, session.flags))
    yield "\nNon-default flags/options:\n"
    for name, _, _, default, value, _ in session.flags.rows():
        if value != default:
            yield f"  {name}: {value}\n"


def setting(name: str, value: str) -> str:
    return f"{name:>13.13}: {value}\n"


def general(flags: Flags) -> Iterator[tuple[str, str]]:
    """Where configuration and results would come from and go to."""
    yield "Flagfile", flags.text("flagfile")
    for title, plugin, path, endpoint in (
        ("Config", "config_plugin", "config_path", "config_tls_endpoint"),
        ("Logger", "logger_plugin", "logger_path", "logger_tls_endpoint"),
    ):
        name = flags.text(plugin)
        detail = {"filesystem": flags.text(path), "tls": flags.text("tls_hostname") + flags.text(endpoint)}.get(name)
        yield title, name if detail is None else f"{name} ({detail})"
    yield "Distributed", flags.text("distributed_plugin")
    yield "Database", "ephemeral"
    yield "Root", flags.text("root") or "/"


def shell(settings: Settings, flags: Flags) -> Iterator[tuple[str, str]]:
    """What meta commands and the shell's flags set."""
    output = flags.text("output")
    yield "echo", "on" if settings.echo else "off"
    yield "headers", "on" if settings.header else "off"
    yield "mode", settings.mode
    yield "nullvalue", quoted(settings.null)
    yield "output", output if output != "-" and output else "stdout"
    yield "separator", quoted(settings.separator)
    yield "width", "".join(f"{width} " for width in until_zero(settings.widths))


def until_zero(widths: list[int]) -> list[int]:
    return widths[: widths.index(0)] if 0 in widths else widths


def quoted(text: str) -> str:
    """The text as a C string literal."""
    short = {"\\": "\\\\", '"': '\\"', "\t": "\\t", "\n": "\\n", "\r": "\\r"}
    data = text.encode("utf-8", "surrogateescape").decode("latin-1")
    return '"' + "".join(short.get(c) or (c if " " <= c <= "~" else f"\\{ord(c):03o}") for c in data) + '"'
