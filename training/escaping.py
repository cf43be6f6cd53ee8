"""Names of files, which may hold anything, as text that can be written and shown."""


def in_one_line(name: str) -> str:
    r"""One line of UTF-8 with no control characters, another one for each name: what cannot be printed is
    escaped as Python does it, and so is the backslash, or `a\n` would stand for two names."""
    return "".join(
        one if one.isprintable() and one != "\\" else one.encode("unicode_escape").decode() for one in name
    )
