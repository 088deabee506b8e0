"""`python -m leadline.catalogue [--check]`: write the generated files, or say which are out of date."""

from __future__ import annotations

import sys

from leadline.catalogue.generate import outputs


def main() -> int:
    """Write the files; with --check change nothing and return 1 when one differs."""
    stale = []
    for path, text in outputs().items():
        if path.exists() == bool(text) and (not text or path.read_text() == text):
            continue
        stale.append(path)
        if "--check" in sys.argv:
            continue
        if not text:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    for path in stale:
        print(f"{'out of date' if '--check' in sys.argv else 'written'}: {path}", file=sys.stderr)
    if stale and "--check" in sys.argv:
        print("run `make docs` and commit what it writes", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
