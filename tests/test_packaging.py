"""What is listed in pyproject.toml is what stands in the folders."""

import re
import tomllib
from importlib import metadata, resources
from pathlib import Path

import ntkreg

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = PROJECT["tool"]["setuptools"]
FOLDERS = {"ntkreg_cli": "cli", "ntkreg_sample_data": "sample_data"}


def packages_on_disk():
    for name, folder in {"ntkreg": "ntkreg", **FOLDERS}.items():
        for file in (ROOT / folder).rglob("__init__.py"):
            parts = file.parent.relative_to(ROOT / folder).parts
            yield ".".join([name, *parts])


def test_every_folder_with_init_is_listed_as_package():
    assert sorted(SETUPTOOLS["packages"]) == sorted(packages_on_disk())


def test_folders_are_installed_under_names_of_our_own():
    assert SETUPTOOLS["package-dir"] == FOLDERS


def test_every_data_file_in_a_package_is_shipped():
    for package in SETUPTOOLS["packages"]:
        top, *rest = package.split(".")
        folder = ROOT / FOLDERS.get(top, top) / Path(*rest)
        files = {p for p in folder.iterdir() if p.is_file() and p.suffix not in (".py", ".pyc")}
        patterns = SETUPTOOLS["package-data"].get(package, [])
        assert files == {path for pattern in patterns for path in folder.glob(pattern)} & files


def test_sample_tables_are_found_as_package_data():
    files = {path.name for path in resources.files("ntkreg_sample_data").iterdir()}
    assert {"injection_molding.xlsx", "injection_molding_knowledge.toml"} <= files


def test_version_is_the_same_everywhere():
    assert ntkreg.__version__ == metadata.version("ntkreg") == PROJECT["project"]["version"]


def test_every_dependency_is_pinned_for_development():
    pins = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if line
    )
    pinned = {name.lower().replace("_", "-") for name in pins}
    wanted = [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["dev"],
    ]
    assert {re.split(r"[<>=\[; ]", name)[0].lower() for name in wanted} <= pinned
    assert pins["torch"] == "2.13.0"
