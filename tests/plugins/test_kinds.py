from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from leadline.plugins.config.filesystem import Filesystem
from leadline.plugins.errors import PluginError, UnknownPluginError
from leadline.plugins.kinds import PLUGINS, find


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in PLUGINS.items() for name in names])
def test_every_plugin_of_the_registry_can_be_made(kind: str, name: str, surroundings: Any) -> None:
    assert find(kind, name)(surroundings) is not None


def test_an_unknown_plugin_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UnknownPluginError) as caught:
        find("logger", "nope")
    assert str(caught.value) == f"Unknown logger plugin: nope (there are {', '.join(sorted(PLUGINS['logger']))})"


def test_the_configuration_is_a_file_and_those_in_its_directory(surroundings: Any, tmp_path: Path) -> None:
    path = tmp_path / "osquery [1].conf"
    surroundings.set(config_path=path)
    with pytest.raises(PluginError) as caught:
        Filesystem(surroundings).read()
    assert str(caught.value) == f"config file does not exist: {path}"
    path.write_text('{"a": 1}')
    directory = Path(f"{path}.d")
    directory.mkdir()
    for name in ("20.conf", "10.conf", "ignored.txt"):
        (directory / name).write_text(name)
    assert list(Filesystem(surroundings).read().items()) == [
        (str(path), '{"a": 1}'), (str(directory / "10.conf"), "10.conf"), (str(directory / "20.conf"), "20.conf"),
    ]  # fmt: skip
