"""Errors become exit codes and one line."""

import errno
import json
import subprocess
import sys

import pytest

from ntkreg.exceptions import FileAccessError, InputError, ModelFileError
from ntkreg_cli import main as entry
from ntkreg_cli.main import main


@pytest.fixture
def failing(monkeypatch):
    """Return a function that makes the command line fail with an error."""

    def install(error):
        def invoke(_arguments, _language):
            raise error

        monkeypatch.setattr(entry, "_invoke", invoke)

    return install


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("E520", path="x"), 2),
        (ModelFileError("E501", folder="x"), 2),
        (FileAccessError("E523", path="x"), 3),
        (PermissionError(errno.EACCES, "Permission denied", "x.csv"), 3),
        (MemoryError(), 2),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("division by zero"), 101),
    ],
)
def test_each_kind_of_failure_has_its_exit_code_and_one_line(error, code, failing, capsys):
    failing(error)
    assert main([]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err


def test_debug_shows_the_trace(failing, capsys):
    failing(ZeroDivisionError("division by zero"))
    assert main(["--debug"]) == 101
    assert "Traceback" in capsys.readouterr().err


def test_an_error_is_a_document_when_json_was_asked_for(failing, capsys):
    failing(InputError("E520", {"file": "a.csv", "row": 3}, path="a.csv"))
    assert main(["--json", "--lang", "ja"]) == 2
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert set(document) == {"code", "message", "hint", "where"}
    assert document["where"] == {"file": "a.csv", "row": 3}
    assert "すでにあります" in document["message"]
    assert captured.err == ""


@pytest.mark.parametrize("argv", [["run"], ["no-such"], ["fit", "x", "--model", "svm"]])
def test_bad_usage_is_two(argv, capsys):
    assert main(argv) == 2
    assert "E651" in capsys.readouterr().err


def test_help_and_version_are_fine(capsys):
    assert main(["--help"]) == 0
    assert main(["--version"]) == 0
    assert "ntkreg 0." in capsys.readouterr().out


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from ntkreg_cli.main import main; main(['run', '--help']);"
        "heavy = {'torch', 'shap', 'sklearn', 'lightgbm', 'pandas', 'numpy'} & set(sys.modules);"
        "sys.exit(len(heavy))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_a_cp932_console_stops_nothing():
    code = "import sys; from ntkreg_cli.main import main; sys.exit(main(['check', '한글.csv']))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env={"PYTHONIOENCODING": "cp932", "LANG": "ja_JP.UTF-8"},
    )
    assert done.returncode in (2, 3)
    assert done.stderr.decode("cp932")
