"""Ids that nobody guesses, for requests and for answers."""

import os

DIGITS = 32
AT_ONCE = 256

_ids: list[str] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_ids.clear)  # or both would give the same ones


def fresh_id() -> str:
    """Another one each time: 32 hexadecimal digits, 128 random bits.

    The system is asked for many at once: each asking lets go of the interpreter's lock, and a thread that
    computes has it then.
    """
    try:
        return _ids.pop()
    except IndexError:
        digits = os.urandom(DIGITS // 2 * AT_ONCE).hex()
        first, *others = (digits[i : i + DIGITS] for i in range(0, len(digits), DIGITS))
        _ids.extend(others)
        return first
