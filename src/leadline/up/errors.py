"""What can keep `leadline up` from starting.

UpError
    one sentence for the person who typed the command
"""

from __future__ import annotations


class UpError(Exception):
    """`up` cannot go on; the text says what to do, in one sentence."""
