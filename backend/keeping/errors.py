"""What can go wrong while state is kept safe."""


class KeepingError(Exception):
    """The root of this room's errors."""


class CannotBackUp(KeepingError):
    """No backup can be made here."""


class ChampionLacking(KeepingError):
    """A backup was made, but without a bundle that serves."""


class BadBackup(KeepingError):
    """The file is no backup, or not whole."""


class CannotRestore(KeepingError):
    """A sound backup cannot be put back here."""
