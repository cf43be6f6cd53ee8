"""What can go wrong between us and the database."""


class DatabaseError(Exception):
    """The root of this room's errors."""


class DatabaseUnavailable(DatabaseError):
    """The database cannot be opened."""


class SchemaMismatch(DatabaseError):
    """The database's tables are not those this version knows."""


class UnknownModel(DatabaseError):
    """The registry holds no such model."""


class BadPlace(DatabaseError):
    """A place of pictures is named in a way that is not allowed."""


class RootConflict(DatabaseError):
    """A root's name is already given to another folder."""
