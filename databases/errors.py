"""What can go wrong between us and the database."""


class DatabaseError(Exception):
    """The root of this room's errors."""


class DatabaseUnavailable(DatabaseError):
    """The database cannot be opened."""


class DatabaseInUse(DatabaseUnavailable):
    """Another process has the database open."""


class MissingExtension(DatabaseUnavailable):
    """The server lacks what we need beside PostgreSQL itself."""


class SchemaMismatch(DatabaseError):
    """The database's tables are not those this version knows."""


class UnknownModel(DatabaseError):
    """The registry holds no such model."""


class Overtaken(DatabaseError):
    """Somebody promoted or rolled back meanwhile."""


class BadPlace(DatabaseError):
    """A place of pictures is named in a way that is not allowed."""


class RootConflict(DatabaseError):
    """A root's name is already given to another folder."""


class UnknownRoot(DatabaseError):
    """Nothing was ingested under that name."""


class NothingToUndo(DatabaseError):
    """What was to be taken back does not hold."""


class UnknownLabel(DatabaseError):
    """A task has no such label."""


class BadLabel(DatabaseError):
    """A label cannot be called so."""


class UnknownPicture(DatabaseError):
    """What was named is no picture of the library, or may be several."""


class BadEmbedding(DatabaseError):
    """What a model made of a picture cannot be searched."""


class UnknownDataset(DatabaseError):
    """No such data set was kept, or its name may be several."""


class DamagedDataset(DatabaseError):
    """What was kept of a data set is not what its fingerprint says."""


class UnknownKey(DatabaseError):
    """No key of that name is in use."""


class KeyConflict(DatabaseError):
    """A key of that name is in use already."""


class BadKey(DatabaseError):
    """A key cannot be made so."""
