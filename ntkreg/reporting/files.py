"""Writing a result file: complete or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ntkreg.exceptions import FileAccessError


def write_whole(path: Path, data: bytes) -> None:
    """Write beside `path` and rename, so that nobody ever sees half a file.

    Raises
    ------
    FileAccessError
        If the folder is missing or not writable, or the file is open in another program.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _failed(path, error) from error
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        # mkstemp makes a private file; a report is for colleagues
        beside.chmod(0o644)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise _failed(path, error) from error


def _failed(path: Path, error: OSError) -> FileAccessError:
    reason = error.strerror or type(error).__name__
    return FileAccessError("E690", {"file": path.name}, file=path.name, reason=reason)
