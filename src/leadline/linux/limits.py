"""The resource limits of our own process: getrlimit(2)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# asm-generic/resource.h; Python's resource module names all but locks.
_RESOURCES = {
    "as": 9, "core": 4, "cpu": 0, "data": 2, "fsize": 1, "locks": 10, "memlock": 8, "msgqueue": 12, "nice": 13,
    "nofile": 7, "nproc": 6, "rss": 5, "rtprio": 14, "sigpending": 11, "stack": 3,
}  # fmt: skip


def own() -> Iterator[tuple[str, int | None, int | None]]:
    """Name, soft and hard limit of each resource, by name; None where there is no limit. The units are the kernel's."""
    import resource

    for name, number in _RESOURCES.items():
        soft, hard = (
            None if limit == resource.RLIM_INFINITY else limit for limit in resource.getrlimit(_number(name, number))
        )
        yield name, soft, hard


def _number(name: str, common: int) -> int:
    """The number of a resource here: some architectures have other ones than most."""
    import resource

    found = getattr(resource, f"RLIMIT_{name.upper()}", common)
    return found if isinstance(found, int) else common
