"""What a plain YAML scalar means: the core schema of YAML 1.2, and numbers exactly as written.

It stands alone because it is one decision with consequences: ``no`` and ``on`` are words and not
booleans, ``1:30`` is text and not ninety, and 99.9 is 99.9 and not its nearest binary fraction.
"""

import re
from decimal import Decimal

Scalar = str | int | Decimal | bool | None

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE]([-+]?[0-9]+))?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMBER_LENGTH_MAX = 60
_EXPONENT_MAX = 30


def resolve(text: str) -> Scalar:
    """Read a plain scalar.

    Raises:
        ValueError: it is a number, but none that a catalog can hold.
    """
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INT.fullmatch(text):
        _refuse_long(text)
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text[2:] if base != 10 else text, base)  # noqa: PLR2004 - ten fingers
    if found := _FLOAT.fullmatch(text):
        _refuse_long(text)
        if found[1] and abs(int(found[1])) > _EXPONENT_MAX:
            raise ValueError(f"{text} is out of every reasonable range; check the exponent")
        return Decimal(text)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is no amount of anything; write a finite number")
    return text


def _refuse_long(text: str) -> None:
    if len(text) > _NUMBER_LENGTH_MAX:
        raise ValueError(
            f"a number with {len(text)} digits; write at most {_NUMBER_LENGTH_MAX}, or quote it if it is text"
        )
