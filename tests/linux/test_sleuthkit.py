"""What the child that reads disks may do once it has opened one."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from leadline.linux import sleuthkit

TRY = """
import os
from leadline.linux import sleuthkit
sleuthkit._give_away()
print(os.getresuid(), os.getresgid(), os.getgroups())
for attempt in (
    lambda: open("/etc/shadow"), os.fork, lambda: os.write(os.open("/tmp", os.O_TMPFILE | os.O_RDWR), b"x")
):
    try:
        print("could", attempt())
    except OSError as error:
        print(error.strerror)
"""


def test_the_child_gives_its_rights_away() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root has rights to give away")
    # A write beyond the limit on files is a signal, unless somebody looks after it.
    program = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)" + TRY
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "(65534, 65534, 65534) (65534, 65534, 65534) []",
        "Permission denied",
        "Resource temporarily unavailable",
        "File too large",
    ]


def test_a_machine_without_the_library_is_told_so(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pytsk3", None)
    request = json.dumps({"path": "/dev/null", "regular": False, "want": "partitions"})
    assert list(sleuthkit.rows([request], None)) == ["pytsk3, The Sleuth Kit for Python, is not installed"]
