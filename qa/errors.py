"""Every error a user can meet.

QAError
├── InputError          what was asked for cannot be done as put: a blank question, a missing file, an unknown id
├── LibraryError        the library is missing, damaged, in use, or of another embedder
│   └── DamagedError    its database is not as it was written
└── ModelError          a model cannot be found, read, downloaded or reached

The message is one line, ``what happened; what to do``, and is shown to the user as it is. Raising and reporting are
two acts: nothing here prints.
"""


class QAError(Exception):
    """The root: a message for the user, no traceback needed."""


class InputError(QAError):
    """What was asked for cannot be done as it was put."""


class LibraryError(QAError):
    """The library is missing, damaged, in use by another process, or belongs to another embedder."""


class DamagedError(LibraryError):
    """The library's database cannot be read, or is not as it was written."""


class ModelError(QAError):
    """A model cannot be found, read, downloaded or reached."""
