"""Entry point: the only place where errors become exit codes and one line on stderr."""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import traceback
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from ntkreg.exceptions import FileAccessError, NtkregError
from ntkreg.messages import Language, Sentence

from .language import choose_language, translate_help
from .talk import json_text

DONE, GATE_FAILED, USAGE, ACCESS, BUG, INTERRUPTED = 0, 1, 2, 3, 101, 130
# click's base of usage errors, wherever this version of Typer keeps its click
_CLICK_ERROR: Any = typer.BadParameter.__mro__[2]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name. Default: those of the process.

    Returns
    -------
    int
        Exit code: 0 done, 1 a gate the user asked for failed, 2 bad usage or bad input, 3 cannot
        read or write, 101 a bug, 130 interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    _prepare_streams()
    language = choose_language(arguments)
    debug, as_json = "--debug" in arguments, "--json" in arguments
    try:
        with warnings.catch_warnings():
            if not debug:
                warnings.simplefilter("ignore")
            return _invoke(arguments, language)
    except (KeyboardInterrupt, typer.Abort):
        return _tell(Sentence("E650"), language, as_json, INTERRUPTED)
    except Exception as error:
        if debug:
            traceback.print_exc()
        return _tell_error(error, language, as_json)


def _invoke(arguments: list[str], language: Language) -> int:
    from .app import app

    command = typer.main.get_command(app)
    translate_help(command, language)
    if not arguments:
        command.main(args=["--help"], prog_name="ntkreg", standalone_mode=False)
        return USAGE
    code = command.main(args=arguments, prog_name="ntkreg", standalone_mode=False)
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return code if isinstance(code, int) else DONE


def _prepare_streams() -> None:
    # a cp932 console must never stop a run because of one character that it cannot show
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _tell_error(error: Exception, language: Language, as_json: bool) -> int:
    if isinstance(error, NtkregError):
        code = ACCESS if isinstance(error, FileAccessError) else USAGE
        return _tell(error.sentence, language, as_json, code, error.where)
    if isinstance(error, _CLICK_ERROR):
        sentence = Sentence("E651", {"detail": error.format_message()})
        return _tell(sentence, language, as_json, USAGE)
    if isinstance(error, OSError):
        file = str(error.filename or "")
        values = {"file": file or "-", "reason": error.strerror or str(error)}
        return _tell(Sentence("E652", values), language, as_json, ACCESS, {"file": file})
    if isinstance(error, MemoryError):
        return _tell(Sentence("E653"), language, as_json, USAGE)
    values = {"kind": type(error).__name__, "trace": _write_trace(error)}
    return _tell(Sentence("E654", values), language, as_json, BUG)


def _write_trace(error: Exception) -> str:
    lines = "".join(traceback.format_exception(error))
    with (
        contextlib.suppress(OSError),
        tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", prefix="ntkreg-trace-", suffix=".txt", delete=False
        ) as file,
    ):
        file.write(lines)
        return str(Path(file.name))
    return "-"


def _tell(
    sentence: Sentence,
    language: Language,
    as_json: bool,
    exit_code: int,
    where: Mapping[str, Any] | None = None,
) -> int:
    message, hint = sentence.text(language), sentence.hint(language)
    if as_json:
        document = {"code": sentence.code, "message": message, "hint": hint, "where": where or {}}
        sys.stdout.write(json_text(document) + "\n")
    else:
        sys.stderr.write(
            " ".join(part for part in (message, hint) if part) + f" ({sentence.code})\n"
        )
    return exit_code
