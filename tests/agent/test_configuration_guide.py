"""The examples in docs/guides/configuration.md are configurations."""

from __future__ import annotations

import re
from pathlib import Path

from leadline.agent.configuration import Configuration, load
from leadline.agent.decorators import Decorators
from leadline.agent.engines import few_rows
from leadline.agent.packs import Machine, schedule
from leadline.catalogue.index import ALIASES, TABLES
from leadline.configuration import atc
from leadline.configuration.shapes import SECTIONS
from leadline.flags import Flags
from leadline.sql.engine import Attachments, Engine

TEXT = (Path(__file__).parents[2] / "docs" / "guides" / "configuration.md").read_text()
EXAMPLES = re.findall(r"^```json\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
MACHINE = Machine("linux", "5.23.0", 0, 3600, "_")


def examples() -> list[Configuration]:
    assert len(EXAMPLES) == 3
    return [load({"guide": example}) for example in EXAMPLES]


def test_examples_have_no_mistakes() -> None:
    for configuration in examples():
        assert configuration.problems == ()
        assert schedule(configuration, MACHINE)[1] == []
        options = {member.name: str(member.value).lower() for member in configuration.members("options")}
        assert Flags().configure(options) == {}


def test_everything_in_the_examples_runs() -> None:
    attachments = Attachments()
    ran = 0
    for configuration in examples():
        for member in configuration.members("auto_table_construction"):
            table = atc.table(member.name, member.value, "linux")
            assert table is not None
            attachments.attach(table)
        attachments.views = {member.name: member.value for member in configuration.members("views")}
        with Engine(tables=TABLES, aliases=ALIASES, attachments=attachments, strict=True) as engine:
            texts = [query.sql for query in schedule(configuration, MACHINE)[0]]
            texts += [sql for pack in configuration.packs for sql in pack.value.get("discovery", [])]
            texts += [f"SELECT * FROM {name}" for name in (*attachments.views, *attachments.tables)]
            for sql in texts:
                few_rows(engine, sql)
                ran += 1
            decorators = Decorators()
            decorators.configure(configuration, lambda sql, engine=engine: few_rows(engine, sql))  # type: ignore[misc]
            decorators.interval(3600, lambda sql, engine=engine: few_rows(engine, sql))  # type: ignore[misc]
            assert decorators.problems() == []
    assert ran == 7


def test_every_section_is_in_the_guide() -> None:
    named = set(re.findall(r"`(\w+)`", TEXT))
    assert named >= SECTIONS.keys()
