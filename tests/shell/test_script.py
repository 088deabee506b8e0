"""What is a blank line to the shell."""

from __future__ import annotations

import pytest

from leadline.shell.script import blank


@pytest.mark.parametrize("text", ["", " \t\r", "-- remark", " -- one\n-- two", "/* a\nb */ -- c", "/**/"])
def test_white_space_and_comments_are_blank(text):
    assert blank(text)


@pytest.mark.parametrize("text", ["select", "/* open", "- -", "/", "-- a\nselect", "/* a */;"])
def test_anything_else_is_not_blank(text):
    assert not blank(text)
