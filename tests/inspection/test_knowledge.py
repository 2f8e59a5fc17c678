"""Knowledge files: found columns, and messages that say what to write instead."""

import numpy as np
import pytest

from ntkreg.exceptions import FileAccessError, InputError
from ntkreg.inspection import Expectation, read_knowledge


@pytest.fixture
def dataset(make_dataset):
    columns = {"保圧[MPa]": np.arange(5.0), "Mold Temp": np.arange(5.0), "流量": np.arange(5.0)}
    return make_dataset(columns, np.arange(5.0), dropped=("作業者",))


def write(folder, text, encoding="utf-8"):
    path = folder / "knowledge.toml"
    path.write_bytes(text.encode(encoding))
    return path


def block(column, effect="increasing", reason="理由"):
    return f'[[expectation]]\ncolumn = "{column}"\neffect = "{effect}"\nreason = "{reason}"\n'


def test_expectations_come_in_the_order_of_the_file(tmp_path, dataset):
    path = write(tmp_path, "# 現場\n" + block("保圧[MPa]") + block("流量", "none", ""))
    assert read_knowledge(path, dataset) == (
        Expectation("保圧[MPa]", "increasing", "理由"),
        Expectation("流量", "none", ""),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_windows_editors_write_is_read(tmp_path, dataset, encoding, end):
    path = write(tmp_path, block("保圧[MPa]").replace("\n", end), encoding)
    assert read_knowledge(path, dataset)[0].column == "保圧[MPa]"


@pytest.mark.parametrize("name", ["保圧［ＭＰａ］", " 保圧[mpa] ", "保圧", "保圧(MPa)"])
def test_width_case_blanks_and_unit_of_a_header_do_not_matter(tmp_path, dataset, name):
    assert read_knowledge(write(tmp_path, block(name)), dataset)[0].column == "保圧[MPa]"


def test_a_dropped_column_may_be_named(tmp_path, dataset):
    assert read_knowledge(write(tmp_path, block("作業者")), dataset)[0].column == "作業者"


def test_an_unknown_column_is_answered_with_the_nearest_names(tmp_path, dataset):
    with pytest.raises(InputError, match=r"names a column mould temp .* one of: Mold Temp") as e:
        read_knowledge(write(tmp_path, block("mould temp")), dataset)
    assert e.value.code == "E406"
    assert "Mold Temp" in e.value.text("ja")


def test_an_unknown_effect_is_answered_with_what_is_allowed(tmp_path, dataset):
    with pytest.raises(
        InputError, match=r"effect positive.* increasing, decreasing, peak, valley, none"
    ):
        read_knowledge(write(tmp_path, block("流量", "positive")), dataset)


def test_a_mistake_in_the_syntax_is_shown_with_its_line(tmp_path, dataset):
    text = block("流量") + "[[expectation]]\ncolumn = 保圧\n"
    with pytest.raises(InputError, match="at line 6: column = 保圧") as error:
        read_knowledge(write(tmp_path, text), dataset)
    assert error.value.where == {"file": "knowledge.toml", "row": 6}


def test_an_unfinished_file_is_a_mistake_in_the_syntax(tmp_path, dataset):
    with pytest.raises(InputError, match=r"not valid TOML at line 2: column = \"保圧"):
        read_knowledge(write(tmp_path, '[[expectation]]\ncolumn = "保圧'), dataset)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"has no \[\[expectation\]\]"),
        ("expectation = 3", r"has no \[\[expectation\]\]"),
        ("[[expectations]]\n", r"unknown entry expectations.*\[\[expectation\]\]"),
        (block("流量") + "sign = 1", "unknown entry sign.* column, effect, from, to, reason"),
        ('[[expectation]]\ncolumn = "流量"', "Expectation 1 .* has no text for effect"),
        ("[[expectation]]\ncolumn = 3\neffect = 1", "Expectation 1 .* has no text for column"),
        (block("流量") + block("流量", "none"), "column 流量 twice .*expectation 2"),
        (block("流量") + "from = 5\nto = 5", "流量 an empty range, from 5 to 5"),
        (block("流量") + 'from = "低"', "流量 from = 低, which is not a number"),
        (block("流量") + "to = 3\n" + block("流量") + "from = 2", "流量 twice .*expectation 2"),
        (block("強度[MPa]"), r"names the target 強度\[MPa\] itself"),
    ],
)
def test_other_mistakes_are_named(tmp_path, dataset, text, message):
    with pytest.raises(InputError, match=message):
        read_knowledge(write(tmp_path, text), dataset)


def test_a_column_may_have_several_ranges_that_do_not_overlap(tmp_path, dataset):
    text = block("流量", "peak") + "to = 3\n" + block("流量", "none", "") + "from = 3\nto = 4.5\n"
    assert read_knowledge(write(tmp_path, text), dataset) == (
        Expectation("流量", "peak", "理由", None, 3.0),
        Expectation("流量", "none", "", 3.0, 4.5),
    )


def test_a_category_has_no_range(tmp_path, make_dataset):
    dataset = make_dataset({"材質": ["a", "b", "a"]}, np.arange(3.0))
    with pytest.raises(InputError, match=r"材質 the range ≤ 5, but .* does not hold numbers"):
        read_knowledge(write(tmp_path, block("材質", "none") + "to = 5"), dataset)


def test_a_file_that_is_not_there_is_an_access_error(tmp_path, dataset):
    with pytest.raises(FileAccessError, match=r"none\.toml cannot be read"):
        read_knowledge(tmp_path / "none.toml", dataset)


def test_a_file_that_is_no_text_is_refused(tmp_path, dataset):
    (tmp_path / "book.toml").write_bytes(b"PK\x03\x04\xff\xfe\x81")
    with pytest.raises(InputError, match="neither UTF-8 nor cp932"):
        read_knowledge(tmp_path / "book.toml", dataset)
