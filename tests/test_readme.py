"""The READMEs are true: their Python runs, their commands exist, both languages agree."""

import re
import shlex
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import typer

from ntkreg.evaluation import CONTENDER_NAMES
from ntkreg_cli import main
from ntkreg_cli.app import app

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.ja.md")


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name, language):
    return re.findall(rf"^```{language}\n(.*?)^```", read(name), re.MULTILINE | re.DOTALL)


def commands():
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    return group.commands


@pytest.mark.slow
@pytest.mark.parametrize("name", READMES)
def test_python_blocks_run_one_after_the_other(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks(name, "python"):
        exec(compile(block, name, "exec"), names)
    assert names["table"].n_rows > 100
    assert names["prescription"].n_steps > 0


@pytest.mark.parametrize("name", READMES)
def test_every_command_is_shown_and_described(name):
    shown = set(re.findall(r"^ntkreg ([a-z]+)", read(name), re.MULTILINE))
    described = set(re.findall(r"^\| `([a-z]+)` \|", read(name), re.MULTILINE))
    assert shown == described == set(commands())


@pytest.mark.parametrize("name", READMES)
def test_every_option_of_the_shown_commands_exists(name):
    for line in re.findall(r"^ntkreg .*", read(name), re.MULTILINE):
        _, command, *words = shlex.split(line)
        offered = {flag for p in commands()[command].params for flag in p.opts}
        assert {word for word in words if word.startswith("--")} <= offered


@pytest.mark.parametrize("name", READMES)
def test_every_option_and_model_named_in_the_text_exists(name):
    text = re.sub(r"^```.*?^```", "", read(name), flags=re.MULTILINE | re.DOTALL)
    offered = {flag for c in commands().values() for p in c.params for flag in p.opts}
    assert set(re.findall(r"`(--[a-z-]+)", text)) <= offered | {"--help"}
    assert {f"`{model}`" for model in CONTENDER_NAMES} <= set(re.findall(r"`[a-z-]+`", text))


@pytest.mark.parametrize("name", READMES)
def test_exit_codes_are_those_of_the_command_line(name):
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", read(name), re.MULTILINE)}
    rest = {main.USAGE, main.ACCESS, main.BUG, main.INTERRUPTED}
    assert codes == {main.DONE, main.GATE_FAILED} | rest


@pytest.mark.parametrize(("name", "language"), [("README.md", "en"), ("README.ja.md", "ja")])
def test_sections_of_the_report_are_called_what_the_report_calls_them(name, language):
    texts = resources.files("ntkreg.reporting") / "texts" / f"{language}.toml"
    sections = tomllib.loads(texts.read_text(encoding="utf-8"))["sections"]
    del sections["settings"]
    assert set(re.findall(r"^- \*\*(.*?)\*\*", read(name), re.MULTILINE)) == {*sections.values()}


@pytest.mark.parametrize("name", READMES)
def test_linked_files_exist(name):
    links = re.findall(r"\]\((?!http)([^)#]+)\)", read(name))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_make_targets_of_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make ([a-z-]+)", read("README.md"), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("language", ["python", "sh", "powershell", "toml"])
def test_both_languages_show_the_same_code(language):
    def plain(name):
        code = "".join(blocks(name, language)).replace('text("ja")', 'text("en")')
        return re.sub(r"\s+#.*|^reason = .*", "", code, flags=re.MULTILINE)

    assert plain("README.md") == plain("README.ja.md")
