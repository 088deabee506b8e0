"""Coverage-guided fuzzing of the readers, with atheris.

    fuzz.py TARGET|all [--seconds N]     look for inputs that fail, N seconds a target (20)
    fuzz.py TARGET --input FILE          only run one input, such as one that was found
    fuzz.py list                         name the targets

What is found, and the inputs that reached something new, are kept in .fuzz/TARGET for the next run.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

KEPT = Path(__file__).parents[2] / ".fuzz"
LEAST = 4096  # bytes that inputs may have at most, where no seed is longer
STATE = re.compile(rb"#(\d+)\s+DONE\s+cov: (\d+)")


def one(name: str, seconds: int) -> None:
    """Fuzz a target in this process, which libFuzzer ends."""
    import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]

    with atheris.instrument_imports(include=["leadline", "tomllib", "yaml"]):
        from bounds import OutOfBoundsError, bounded, scratch
        from targets import TARGETS

    target = {target.name: target for target in TARGETS}[name]
    corpus = KEPT / name / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    with scratch() as directory:
        read = target.prepare(Path(directory))
        with atheris.instrument_imports(include=["leadline", "tomllib", "yaml"]):
            for number, seed in enumerate(target.seeds):
                (corpus / f"seed{number}").write_bytes(seed)
                read(seed)  # imports what it needs
        read = bounded(read)

        def run(data: bytes) -> None:
            try:
                read(data)
            except OutOfBoundsError as error:  # of which atheris takes no notice
                raise RuntimeError(str(error)) from error

        longest = max(LEAST, *(2 * len(seed) for seed in target.seeds))
        options = [f"-max_total_time={seconds}", f"-max_len={longest}", f"-artifact_prefix={KEPT / name}/",
                   "-len_control=0", "-timeout=20"]  # fmt: skip
        atheris.Setup([sys.argv[0], *options, str(corpus)], run)
        atheris.Fuzz()


def every(names: list[str], seconds: int) -> int:
    """Fuzz targets one after the other, each in a process of its own; how many have failed."""
    failed = 0
    for name in names:
        command = [sys.executable, __file__, name, "--seconds", str(seconds), "--here"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        state = STATE.search(done.stdout)
        runs, coverage = (int(number) for number in state.groups()) if state else (0, 0)
        failed += done.returncode != 0
        print(f"{name:60} {runs:>9} runs {coverage:>6} places {'FAILED' if done.returncode else ''}", flush=True)
        if done.returncode:
            print(done.stdout.decode("utf-8", "replace")[-4000:], flush=True)
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--input", type=Path)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        one(asked.target, asked.seconds)
        return 0

    from bounds import bounded, scratch
    from targets import TARGETS

    known = {target.name: target for target in TARGETS}
    if asked.target == "list":
        print(*known, sep="\n")
        return 0
    if asked.target != "all" and asked.target not in known:
        parser.error(f"no target {asked.target}; `list` names them")
    if asked.input is not None:
        with scratch() as directory:
            bounded(known[asked.target].prepare(Path(directory)))(asked.input.read_bytes())
        return 0
    return min(every(list(known) if asked.target == "all" else [asked.target], asked.seconds), 1)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
