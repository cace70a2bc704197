"""Makes text from outside safe to show: control characters become visible, and what is long is cut.

Escaping HTML or terminal markup is its own matter. This is about what both would let through: escape
sequences, line breaks, and the invisible characters that turn the direction of writing around.
"""

from typing import Final

LENGTH_MAX: Final = 500


def plain(text: str, *, length_max: int = LENGTH_MAX) -> str:
    """Show text as one line that can do no harm, of at most ``length_max`` characters."""
    shown = "".join(_visible(character) for character in text[: length_max + 1])
    return shown if len(shown) <= length_max else f"{shown[: length_max - 1]}…"


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    if character in "\t\r\n":
        return " "
    return f"\\u{ord(character):04x}"
