"""The enroll secret, which all machines of a fleet share."""

from __future__ import annotations

import logging
import os

from leadline.flags import Flags
from leadline.plugins.errors import UnusableError

log = logging.getLogger(__name__)

MOST = 65_536  # bytes


def enroll_secret(flags: Flags) -> str:
    """The secret without the white space around it, from the file or the environment variable that the flags name.

    Read each time, so that it can be replaced while the agent runs. Empty when no flag names one. Raises
    UnusableError.
    """
    path = flags.text("enroll_secret_path")
    if path:
        return from_file(path)
    variable = flags.text("enroll_secret_env")
    if not variable:
        return ""
    if variable not in os.environ:
        raise UnusableError(
            f"The environment variable {variable} with the enroll secret is not set (--enroll_secret_env)"
        )
    return os.environ[variable].strip()


def from_file(path: str) -> str:
    """The content of a file. Raises UnusableError."""
    try:
        with open(path, encoding="utf-8") as file:
            everybody = os.fstat(file.fileno()).st_mode & 0o007
            secret = file.read(MOST).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnusableError(f"Cannot read the enroll secret in {path} (--enroll_secret_path): {reason}") from error
    if not secret:
        raise UnusableError(f"The file {path} for the enroll secret is empty (--enroll_secret_path)")
    if everybody:
        log.warning("The enroll secret in %s is readable or writable by everybody: chmod 600 %s", path, path)
    return secret
