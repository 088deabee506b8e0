"""The node key: asked for once, kept, and not asked for again and again when it dies young."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from leadline.agent.enrollment import Enrollment
from leadline.agent.state import State
from leadline.flags import Flags
from leadline.plugins.errors import RefusedError, UnusableError
from leadline.plugins.secret import enroll_secret


class Plugin:
    """An enroll plugin that counts."""

    def __init__(self) -> None:
        self.count = 0
        self.open = threading.Event()
        self.open.set()

    def enroll(self) -> str:
        self.open.wait(10)
        self.count += 1
        return f"nk{self.count}"

    def cancel(self) -> None:
        pass


def make(state: State, clock: Any, **flags: object) -> tuple[Enrollment, Plugin]:
    values = Flags()
    for name, value in flags.items():
        values.set(name, str(value), "command line")
    plugin = Plugin()
    return Enrollment(values, state, plugin, clock), plugin


def test_threads_that_need_a_key_at_once_get_the_same() -> None:
    enrollment, plugin = make(State(None), lambda: 1000.0)
    plugin.open.clear()
    keys: list[str] = []
    threads = [threading.Thread(target=lambda: keys.append(enrollment.key())) for _ in range(8)]
    for thread in threads:
        thread.start()
    plugin.open.set()
    for thread in threads:
        thread.join()
    assert keys == ["nk1"] * 8


def test_a_key_that_dies_young_again_and_again_slows_enrolling_down(caplog: pytest.LogCaptureFixture) -> None:
    now = [1000.0]
    enrollment, plugin = make(State(None), lambda: now[0])
    enrollment.invalid(enrollment.key())
    assert enrollment.key() == "nk2"  # once may happen: the host was deleted at the server
    assert "does another machine enroll" not in caplog.text
    enrollment.invalid("nk2")
    with pytest.raises(RefusedError, match="taken back too soon: enrolling again in 1 s") as caught:
        enrollment.key()
    assert 0 < caught.value.retry_after <= 1
    assert "it has done so 2 times soon after enrolling: does another machine enroll" in caplog.text
    enrollment.earliest = 0.0
    assert enrollment.key() == "nk3"
    now[0] += 10_000
    enrollment.invalid("nk3")
    assert enrollment.key() == "nk4"
    enrollment.invalid("nk3")  # an answer that was under way meanwhile
    assert enrollment.key() == "nk4"
    assert plugin.count == 4


def test_the_flags_decide_whether_to_enroll() -> None:
    state = State(None)
    first, _ = make(state, lambda: 1000.0)
    assert first.key() == "nk1"
    kept, plugin = make(state, lambda: 1000.0)
    assert (kept.key(), plugin.count) == ("nk1", 0)
    never, plugin = make(state, lambda: 1000.0, disable_enrollment="true")
    assert (never.key(), plugin.count) == ("", 0)
    always, plugin = make(state, lambda: 2000.0, enroll_always="true")
    assert (always.key(), plugin.count) == ("nk1", 1)
    assert state.get("configurations", "nodeKeyTime") == "2000"


def secret_flags(**values: object) -> Flags:
    flags = Flags()
    for name, value in values.items():
        flags.set(name, str(value), "command line")
    return flags


def test_the_secret_comes_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    path.write_text("\n s3cret \n")
    path.chmod(0o600)
    assert enroll_secret(secret_flags(enroll_secret_path=path)) == "s3cret"
    path.write_text("another")
    assert enroll_secret(secret_flags(enroll_secret_path=path)) == "another"
    monkeypatch.setenv("FROM_HERE", "s4cret\n")
    assert enroll_secret(secret_flags(enroll_secret_env="FROM_HERE")) == "s4cret"
    assert enroll_secret(secret_flags()) == ""
    monkeypatch.delenv("FROM_HERE")
    with pytest.raises(UnusableError, match="FROM_HERE with the enroll secret is not set"):
        enroll_secret(secret_flags(enroll_secret_env="FROM_HERE"))


def test_what_is_wrong_with_the_file_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "secret"
    flags = secret_flags(enroll_secret_path=path)
    with pytest.raises(UnusableError, match=r"--enroll_secret_path\): No such file"):
        enroll_secret(flags)
    path.write_text(" \n")
    with pytest.raises(UnusableError, match=r"for the enroll secret is empty"):
        enroll_secret(flags)
    path.write_text("s3cret")
    os.chmod(path, 0o644)
    with caplog.at_level(logging.WARNING):
        assert enroll_secret(flags) == "s3cret"
    assert "readable or writable by everybody" in caplog.text
    assert "s3cret" not in caplog.text
