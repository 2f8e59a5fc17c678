"""The exceptions of ntkreg: one tree, in which a user's mistake is a branch of its own.

Every error carries a catalogue code with its values (see :mod:`ntkreg.messages`), so that it can
be shown in either language; ``str(error)`` is English and contains what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ntkreg.messages import Language, Sentence


class NtkregError(Exception):
    """Base of all errors that ntkreg raises on purpose.

    Parameters
    ----------
    code : str
        Catalogue code, for example ``"E104"``.
    where : mapping of str to object, optional
        Place of the fault, any of ``file, sheet, row, column, cell``.
    **values
        Values of the catalogue sentence.
    """

    def __init__(self, code: str, where: Mapping[str, Any] | None = None, **values: Any) -> None:
        self.sentence = Sentence(code, values)
        self.where = dict(where or {})
        super().__init__(self.text("en"))

    @property
    def code(self) -> str:
        """Catalogue code of the error."""
        return self.sentence.code

    def text(self, language: Language) -> str:
        """Return message, hint and code in one language."""
        parts = [self.sentence.text(language), self.sentence.hint(language)]
        return " ".join(part for part in parts if part) + f" ({self.code})"

    def __reduce__(self) -> tuple[Any, ...]:
        # BaseException pickles `args` only: the values would be lost on the way between processes
        return (_rebuild, (type(self), self.code, self.where, dict(self.sentence.values)))


def _rebuild(
    kind: type[NtkregError], code: str, where: Mapping[str, Any], values: Mapping[str, Any]
) -> NtkregError:
    return kind(code, where, **values)


class InputError(NtkregError, ValueError):
    """The table, an option or a value is not usable as it is (exit code 2)."""


class FileAccessError(NtkregError, OSError):
    """A file or folder cannot be read or written (exit code 3)."""


class ModelFileError(NtkregError):
    """A model folder is damaged, of another kind or from a newer version (exit code 2)."""
