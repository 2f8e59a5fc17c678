"""Cases H01 to H07 where tables and model folders are concerned."""

import json
import os
import pickle
import signal
import subprocess
import sys

import openpyxl
import pandas as pd
import pytest

from ntkreg.exceptions import FileAccessError, InputError, ModelFileError
from ntkreg.persistence import load_model, save_model
from ntkreg.reporting.workbook.cells import sheet_title
from ntkreg.study import fit_model, predict_file, write_predictions
from ntkreg.study.folders import check_free_file, default_folder, new_file, new_folder
from ntkreg_cli.main import main

FORMULAS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\n=1",
    "\r+1",
    "＝１",
    "＋１＋",
    "－a",
    "＠x",
]


def write(tmp_path, name="t.csv", header="x,文字,y", words=("a", "b")):
    file = tmp_path / name
    rows = [f'{i - 20},"{words[i % len(words)]}",{(i * 37) % 101}' for i in range(40)]
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


@pytest.fixture
def model(tmp_path):
    return fit_model(write(tmp_path), "y", name="ridge")[0]


@pytest.mark.parametrize("formula", FORMULAS)
def test_H01_no_cell_of_the_output_is_a_formula(tmp_path, model, formula):
    found = predict_file(model, write(tmp_path, "new.csv", words=(formula, "b")))
    write_predictions(found, tmp_path / "p.csv")
    write_predictions(found, tmp_path / "p.xlsx")
    cells = pd.read_csv(tmp_path / "p.csv", dtype=str)["文字"]
    assert cells[0].startswith("'")
    assert pd.read_csv(tmp_path / "p.csv")["x"].tolist() == list(range(-20, 20))
    page = openpyxl.load_workbook(tmp_path / "p.xlsx").active
    assert "f" not in {cell.data_type for line in page.iter_rows() for cell in line}
    assert page["A2"].value == -20


def test_H01_nor_is_a_name(tmp_path):
    file = write(tmp_path, header="=x,@文字,y")
    found = predict_file(fit_model(file, "y", name="mean")[0], file)
    write_predictions(found, tmp_path / "p.csv")
    write_predictions(found, tmp_path / "p.xlsx")
    head = (tmp_path / "p.csv").read_text("utf-8-sig").splitlines()[0]
    assert head.startswith("'=x,'@文字,y,prediction")
    page = openpyxl.load_workbook(tmp_path / "p.xlsx").active
    assert (page["A1"].value, page["A1"].data_type) == ("=x", "s")


def test_H02_a_page_of_a_hostile_table_runs_and_loads_nothing(tmp_path):
    name = "<img src=http://x.example onerror=alert(1)>"
    file = write(tmp_path, "<b>t.csv", header=f"{name},</script>,y", words=("<i>a", "'><b>"))
    save_model(tmp_path / "m", fit_model(file, "y", name="ridge")[0])
    argv = ["explain", str(tmp_path / "m"), str(file), "--out", str(tmp_path / "e.html")]
    assert main([*argv, "--quiet"]) == 0
    page = (tmp_path / "e.html").read_text("utf-8")
    assert "<img" not in page
    assert "<b>" not in page.replace("<b>t", "<b>")
    assert "</script>" not in page
    assert "&lt;img src=http://x.example" in page


def test_H03_an_output_is_never_overwritten_unasked_and_the_input_never(tmp_path):
    file, other = write(tmp_path), write(tmp_path, "p.csv")
    with pytest.raises(InputError, match="E520"):
        check_free_file(other, sources=(file,))
    check_free_file(other, force=True, sources=(file,))
    with pytest.raises(InputError, match="E521"):
        check_free_file(tmp_path / "." / "t.csv", force=True, sources=(file,))


def test_H03_a_link_to_the_input_is_the_input(tmp_path):
    file = write(tmp_path)
    os.link(file, tmp_path / "hard.csv")
    with pytest.raises(InputError, match="E521"):
        check_free_file(tmp_path / "hard.csv", force=True, sources=(file,))


def test_H04_a_full_disk_leaves_the_old_file_and_no_other(tmp_path, model, monkeypatch):
    old = tmp_path / "p.csv"
    old.write_text("old")

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ntkreg.study.prediction.write_csv", full)
    with pytest.raises(OSError, match="No space left"):
        write_predictions(predict_file(model, tmp_path / "t.csv"), old)
    assert old.read_text() == "old"
    assert sorted(f.name for f in tmp_path.iterdir()) == ["p.csv", "t.csv"]


def test_H04_a_place_below_a_file_is_an_access_error(tmp_path):
    write(tmp_path)
    with pytest.raises(FileAccessError, match="E522"):
        check_free_file(tmp_path / "t.csv" / "p.csv")


def test_H04_a_folder_that_may_not_be_written_is_an_access_error(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_args: False)
    with pytest.raises(FileAccessError, match="E522"):
        check_free_file(tmp_path / "p.csv")


def test_H04_an_output_that_is_open_elsewhere_stays_as_it_is(tmp_path, model, monkeypatch):
    (tmp_path / "p.csv").write_text("old")

    def locked(*_args):
        raise PermissionError(13, "used by another process")

    monkeypatch.setattr("pathlib.Path.replace", locked)
    with pytest.raises(FileAccessError, match="E523"):
        write_predictions(predict_file(model, tmp_path / "t.csv"), tmp_path / "p.csv")
    assert (tmp_path / "p.csv").read_text() == "old"
    assert sorted(f.name for f in tmp_path.iterdir()) == ["p.csv", "t.csv"]


def test_H04_a_path_that_is_too_long_is_an_access_error(tmp_path, capsys):
    write(tmp_path)
    argv = ["predict", str(tmp_path / "m"), str(tmp_path / "t.csv"), "--out"]
    assert main([*argv, str(tmp_path / ("長" * 300 + ".csv"))]) == 3
    assert "Traceback" not in capsys.readouterr().err


KILLED = """
import os, signal, sys
from pathlib import Path
from ntkreg.study.folders import new_folder
folder = Path(sys.argv[1])
with new_folder(folder, force=True) as beside:
    (beside / "run.json").write_text("new")
    # a shell that starts the suite in the background has the signal ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.kill(os.getpid(), getattr(signal, sys.argv[2]))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_H05_killed_in_the_middle_the_old_output_is_whole(tmp_path, name):
    folder = tmp_path / "run"
    with new_folder(folder) as beside:
        (beside / "run.json").write_text("old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder), name], capture_output=True)
    assert done.returncode != 0
    assert (folder / "run.json").read_text() == "old"


@pytest.mark.parametrize("target", ["../../x", "/abs/x", "CON", "a" * 200, "[]:*?/\\", "x\x00y"])
def test_H06_a_folder_named_after_a_column_stays_where_it_belongs(target):
    folder = default_folder("plant/../data.xlsx", target)
    assert folder.parts[0] == "ntkreg_runs"
    assert len(folder.parts) == 2
    assert len(folder.name) <= 60
    assert not set(folder.name) & set('<>:"/\\|?*\x00')


@pytest.mark.parametrize("text", ["../../x", "[]:*?/\\", "長" * 200, "'a'", ""])
def test_H06_a_sheet_named_after_a_column_is_legal(text):
    title = sheet_title(text)
    assert 1 <= len(title) <= 31
    assert not set(title) & set("[]:*?/\\'")


def test_H07_a_model_cut_anywhere_is_refused(tmp_path, model):
    folder = save_model(tmp_path / "m", model)
    for file in folder.iterdir():
        whole = file.read_bytes()
        for length in {0, 1, len(whole) // 3, len(whole) // 2, len(whole) - 1}:
            file.write_bytes(whole[:length])
            with pytest.raises(ModelFileError, match="E50"):
                load_model(folder)
        file.write_bytes(whole)
    load_model(folder)


class Bomb:
    def __reduce__(self):
        return (os.mkdir, ("ran",))


@pytest.mark.parametrize("name", ["model.json", "arrays.safetensors"])
def test_H07_a_pickle_in_a_model_folder_is_never_run(tmp_path, model, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    folder = save_model(tmp_path / "m", model)
    (folder / name).write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ModelFileError, match="E50"):
        load_model(folder)
    assert not (tmp_path / "ran").exists()


def test_H07_a_model_of_a_newer_version_and_another_kind_is_refused(tmp_path, model, capsys):
    folder = save_model(tmp_path / "m", model)
    text = (folder / "model.json").read_text("utf-8")
    newer = text.replace('"schema_version": 2', '"schema_version": 99', 1)
    (folder / "model.json").write_text(newer, encoding="utf-8")
    with pytest.raises(ModelFileError, match=r"version 99.*E502"):
        load_model(folder)
    (folder / "model.json").write_text(json.dumps({"kind": "other"}), encoding="utf-8")
    argv = ["predict", str(folder), str(tmp_path / "t.csv"), "--out", str(tmp_path / "p.csv")]
    assert main([*argv, "--lang", "en"]) == 2
    assert "(E50" in capsys.readouterr().err
    assert not (tmp_path / "p.csv").exists()


def test_H05_a_file_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "p.csv"
    target.write_text("old")

    def interrupted():
        with new_file(target) as beside:
            beside.write_text("half")
            raise KeyboardInterrupt("now")

    with pytest.raises(KeyboardInterrupt, match="now"):
        interrupted()
    assert target.read_text() == "old"
    assert [f.name for f in tmp_path.iterdir()] == ["p.csv"]
