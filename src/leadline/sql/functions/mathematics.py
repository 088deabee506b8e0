"""Mathematical functions. Errors are those of the C library: its sentence for ``errno`` is the SQL error.

SQLite has functions of the same names that give NULL instead; osquery's replace them.
"""

from __future__ import annotations

import math

from leadline.sql.errors import SQLError
from leadline.sql.functions.arguments import real, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from leadline.sql.schema import Value

DOMAIN = "Numerical argument out of domain"
RANGE = "Numerical result out of range"
LARGEST_EXPONENT = 11356.523406294144  # osquery computes exp in long double: beyond, that has no number either
SMALLEST_EXPONENT = -11400.19


def unary(function: Callable[[float], float]) -> Callable[[Value], float | None]:
    """The SQL function of one number for a Python function."""

    def call(value: Value) -> float | None:
        if value is None:
            return None
        try:
            return function(real(value))
        except ValueError:
            raise SQLError(DOMAIN) from None
        except OverflowError:
            raise SQLError(RANGE) from None

    return call


def _log(value: float) -> float:
    if value == 0.0:
        raise OverflowError
    return math.log(value)


def _log10(value: float) -> float:
    if value == 0.0:
        raise OverflowError
    return math.log10(value)


def _exp(value: float) -> float:
    try:
        if value < SMALLEST_EXPONENT and not math.isinf(value):
            raise SQLError(RANGE)
        return math.exp(value)
    except OverflowError:
        if value > LARGEST_EXPONENT:
            raise
        return math.inf


def _cot(value: float) -> float:
    tangent = math.tan(value)
    return 1.0 / tangent if tangent else math.copysign(math.inf, tangent)


sqrt = unary(math.sqrt)
acos = unary(math.acos)
asin = unary(math.asin)
atan = unary(math.atan)
cos = unary(math.cos)
sin = unary(math.sin)
tan = unary(math.tan)
cot = unary(_cot)
exp = unary(_exp)
log = unary(_log)
log10 = unary(_log10)
degrees = unary(lambda value: 180.0 * value / math.pi)
radians = unary(lambda value: value * math.pi / 180.0)


def pi() -> float:
    """The ratio of a circle's circumference to its diameter."""
    return math.pi


def power(base: Value, exponent: Value) -> float | None:
    """``base`` to the ``exponent``; too large, too small and a pole at zero are errors of range."""
    if base is None or exponent is None:
        return None
    base, exponent = real(base), real(exponent)
    try:
        result = math.pow(base, exponent)
    except ValueError:
        raise SQLError(RANGE if base == 0.0 else DOMAIN) from None
    except OverflowError:
        raise SQLError(RANGE) from None
    if result == 0.0 and base != 0.0 and not math.isinf(base) and not math.isinf(exponent):
        raise SQLError(RANGE)
    return result


def ceil(value: Value) -> int | None:
    """The next integer upwards; what does not fit in 64 bits becomes the largest or smallest that does."""
    return _rounded(value, math.ceil)


def floor(value: Value) -> int | None:
    """The next integer downwards, likewise."""
    return _rounded(value, math.floor)


def _rounded(value: Value, step: Callable[[float], int]) -> int | None:
    if value is None or isinstance(value, int):
        return value
    number = real(value)
    return whole(number) if math.isinf(number) else whole(step(number))
