"""What making a package raises.

PackageError    a package cannot be made as asked, in a sentence
"""

from __future__ import annotations


class PackageError(Exception):
    """The package cannot be made; the text says what to do."""
