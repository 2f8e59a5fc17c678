"""Folders appear whole or not at all, and never over something of the user's."""

import pytest

from ntkreg.exceptions import FileAccessError, InputError
from ntkreg.study.folders import (
    check_free,
    check_free_file,
    clean_name,
    default_folder,
    new_file,
    new_folder,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("data_強度", "data_強度"),
        ("a/b\\c:d*e?f", "a_b_c_d_e_f"),
        ("..", "_"),
        ("con", "_con"),
        ("LPT1.csv", "_LPT1.csv"),
        ("end. ", "end"),
        ("line\nbreak\x00", "line_break_"),
        ("", "_"),
    ],
)
def test_names_are_good_on_every_system(text, name):
    assert clean_name(text) == name


def test_the_default_folder_stays_below_the_working_folder():
    folder = default_folder("/plant/data.xlsx", "../../etc/x")
    assert folder.parent.name == "ntkreg_runs"
    assert len(folder.parts) == 2


def test_long_names_are_cut():
    assert len(clean_name("長" * 300)) <= 80


def test_a_folder_is_published_at_the_end(tmp_path):
    with new_folder(tmp_path / "runs" / "a") as beside:
        (beside / "run.json").write_text("1")
        assert not (tmp_path / "runs" / "a").exists()
    assert [f.name for f in (tmp_path / "runs").iterdir()] == ["a"]
    assert (tmp_path / "runs" / "a" / "run.json").read_text() == "1"


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt("no")])
def test_a_failure_leaves_what_was_there_and_nothing_else(error, tmp_path):
    write_run(tmp_path / "a", "old")

    def fail():
        with new_folder(tmp_path / "a", force=True) as beside:
            (beside / "run.json").write_text("new")
            raise error

    with pytest.raises(type(error), match="no"):
        fail()
    assert [f.name for f in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a" / "run.json").read_text() == "old"


def test_force_replaces_an_earlier_run(tmp_path):
    write_run(tmp_path / "a", "old")
    with new_folder(tmp_path / "a", force=True) as beside:
        (beside / "run.json").write_text("new")
    assert [f.name for f in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a" / "run.json").read_text() == "new"


def test_nothing_is_replaced_without_force(tmp_path):
    write_run(tmp_path / "a", "old")
    with pytest.raises(InputError, match=r"already exists.*--force.*E520"):
        check_free(tmp_path / "a")


def test_a_folder_of_somebody_else_is_never_replaced(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").touch()
    with pytest.raises(InputError, match="E521"):
        check_free(tmp_path / "photos", force=True)


def test_a_place_below_a_file_is_not_writable(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileAccessError, match="E522"):
        check_free(tmp_path / "file" / "run")


def test_the_input_is_never_the_output(tmp_path):
    file = tmp_path / "a.csv"
    file.touch()
    with pytest.raises(InputError, match="E521"):
        check_free_file(file, force=True, sources=(file,))


def test_a_file_is_whole_or_not_there(tmp_path):
    def fail():
        with new_file(tmp_path / "p.csv") as beside:
            beside.write_text("half")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert list(tmp_path.iterdir()) == []


def write_run(folder, text):
    folder.mkdir()
    (folder / "run.json").write_text(text)
