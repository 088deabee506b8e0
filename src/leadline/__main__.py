"""The one program: picks shell, agent, server or another command by name."""

import os
import sys

COMMANDS = {
    "shell": ("leadline.shell.program", "Ask this machine in SQL (as osqueryi)."),
    "agent": ("leadline.agent.program", "Run the host agent (as osqueryd)."),
    "server": ("leadline.server.program", "Run the fleet server."),
    "package": ("leadline.packaging.program", "Make a package of the agent for the machines of a fleet."),
    "up": ("leadline.up.program", "Start server and agent on this machine, ready to use."),
}


def main() -> int:
    """Run the command that the program's name or its first argument picks; return the exit code."""
    argv = sys.argv
    name = argv[0].rsplit("/", 1)[-1]
    if "osqueryd" in name:  # as osqueryd, -S turns the daemon into the shell
        return run("shell" if {"-S", "--S"} & set(argv) else "agent", argv[1:], name)
    if "osqueryi" in name:
        return run("agent" if {"-D", "--D"} & set(argv) else "shell", argv[1:], name)
    if len(argv) > 1 and argv[1] in COMMANDS:
        return run(argv[1], argv[2:], f"leadline {argv[1]}")
    if len(argv) > 1 and argv[1] in ("--version", "version"):
        from leadline import __version__

        print(f"leadline {__version__}")
        return 0
    wanted_help = len(argv) > 1 and argv[1] in ("--help", "-h", "help")
    out = sys.stdout if wanted_help else sys.stderr
    if len(argv) > 1 and not wanted_help:
        print(f"leadline: unknown command '{argv[1]}'", file=out)
    print("usage: leadline COMMAND [ARGUMENTS]\n\ncommands:", file=out)
    for command, (_, text) in COMMANDS.items():
        print(f"  {command:8}{text}", file=out)
    print("\n'leadline COMMAND --help' describes one.", file=out)
    return 0 if wanted_help else 2


def run(command: str, arguments: list[str], program: str) -> int:
    """Import one command's program and run it."""
    module = COMMANDS[command][0]
    __import__(module)  # importlib costs half a millisecond
    code: int = sys.modules[module].main(arguments, program)
    return code


def leave() -> None:
    """Run and end the process. Never returns.

    The shell skips Python's own tear-down: it frees what the kernel frees anyway, and takes a tenth of a short query.
    """
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has gone, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 1
    if "leadline.shell.program" not in sys.modules:
        sys.exit(code)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # the reader has gone
            code = code or 1
    os._exit(code)


if __name__ == "__main__":
    leave()
