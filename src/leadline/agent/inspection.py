"""What the agent program does without running: check and print the configuration, print the state."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator

from leadline.agent import previous
from leadline.agent.agent import Agent
from leadline.agent.errors import AgentError
from leadline.agent.state import FILE, State, open_state
from leadline.agent.steps import CHECK, Running
from leadline.flags import Flags
from leadline.plugins.errors import PluginError


def check(flags: Flags) -> int:
    """Load the configuration, print it when asked to, and tell what is wrong with it."""
    flags.set("logger_min_stderr", "1", "program")
    if not os.path.isdir(flags.text("database_path")):
        flags.set("disable_database", "true", "program")
    agent = Agent(flags)
    running = Running(agent)
    try:
        running.start(CHECK)
        texts = agent.configurator.plugin.read()
        if flags.on("config_dump"):
            for source, text in texts.items():
                print(f'{{"{source}": {text}}}')
            return 0
        problems = agent.configurator.check(texts)
        for problem in problems:
            print(f"Error reading config: {problem}", file=sys.stderr)
        return 0 if agent.runtime.valid else 1
    except PluginError as error:
        print(f"Error reading config: {error}", file=sys.stderr)
        return 1
    except AgentError as error:
        print(error, file=sys.stderr)
        return error.code
    finally:
        running.stop()


def dump(flags: Flags) -> int:
    """Print the state as osquery prints its database: a line ``DOMAIN[KEY]: VALUE`` for each value."""
    directory = flags.text("database_path")
    if not os.path.exists(os.path.join(directory, FILE)):
        print(f"There is no database in {directory} (--database_path)", file=sys.stderr)
        return 1
    try:
        state, mended = open_state(directory)
    except AgentError as error:
        print(error, file=sys.stderr)
        return error.code
    if mended:
        print(mended, file=sys.stderr)
    try:
        for domain, key, value in values(state):
            print(f"{domain}[{key}]: {value}")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for the flush at the end of the program
    finally:
        state.close()
    return 0


def values(state: State) -> Iterator[tuple[str, str, str]]:
    """(domain, key, value) of all that is kept, under the names that osquery gives to it.

    The node key is left out: the lines end up in bug reports.
    """
    with state.lock:
        connection = state.connection
        for domain, key, value in connection.execute("SELECT domain, key, value FROM pairs ORDER BY domain, key"):
            yield str(domain), str(key), "(secret)" if key == "nodeKey" else str(value)
        names = [str(name) for (name,) in connection.execute("SELECT name FROM results ORDER BY name")]
        for name in names:
            found = previous.record(state, name)
            assert found is not None
            rows = previous.stored_rows(state, name, previous.amounts(state, name))
            members = (dict(zip(found.columns, json.loads(row), strict=True)) for row in rows)
            yield "queries", name, f"[{','.join(json.dumps(row, ensure_ascii=False) for row in members)}]"
            yield "queries", f"{name}counter", str(found.counter)
            yield "queries", f"{name}epoch", str(found.epoch)
            yield "queries", f"query.{name}", found.sql
        for number, logger, kind, line in connection.execute("SELECT id, logger, kind, line FROM lines ORDER BY id"):
            yield "logs", f"{logger}_{kind}_{number:020}", str(line)
