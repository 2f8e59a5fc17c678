"""Every experiment runs in its fast version, its claims hold, and the page says so."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "experiments"
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py") if not path.name.startswith("_"))


@pytest.fixture(autouse=True)
def _claims_are_importable(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))


def load(name):
    spec = importlib.util.spec_from_file_location(f"experiments_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def claim(**changes):
    from claims import Claim

    given = {"key": "k", "words": "It falls.", "origin": "data", "source": "here", "value": -0.5}
    return Claim(**given | {"at_most": -0.4} | changes)


def experiment(*claims, **changes):
    from claims import Experiment, figures

    given = {"paper": "P3", "title": "A title", "setting": "Made numbers.", "claims": claims}
    table = {"m": [1, 10, 100], "gap": [1.0, 0.3, 0.1], "net": ["a", "a", "b"]}
    figure = figures.lines(table, "m", "gap", "net")
    return Experiment(**given | {"figure": figure, "numbers": {"gap": np.ones(2)}} | changes)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_the_fast_version_runs_and_its_claims_hold(name, tmp_path):
    from claims.running import write

    found = load(name).run(True)
    assert {c.key: c.value for c in found.claims if not c.held} == {}
    write(found, name, 1.0, tmp_path)
    assert (tmp_path / f"{name}.svg").read_text(encoding="utf-8").startswith("<svg")
    stored = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
    assert len(stored["claims"]) == len(found.claims)


def test_a_claim_holds_within_its_bar_and_never_without_a_number():
    assert claim().held
    assert not claim(value=-0.3).held
    assert not claim(value=float("nan")).held
    assert claim(at_least=-1.0).bar == "-1 to -0.4"


def test_a_claim_says_where_it_is_from_and_what_decides():
    with pytest.raises(ValueError, match=r"origin must be one of .*'paper'.* got 'theory'"):
        claim(origin="theory")
    with pytest.raises(ValueError, match="claim 'k' has no bar"):
        claim(at_most=float("inf"))
    with pytest.raises(ValueError, match=r"paper must be one of .* got 'P9'"):
        experiment(claim(), paper="P9")
    with pytest.raises(ValueError, match="claims need different keys"):
        experiment(claim(), claim())


def test_the_same_chart_gives_the_same_bytes():
    from claims import figures

    figure = experiment(claim()).figure
    assert figures.svg(figure | figure) == figures.svg(figure | figure)


def test_the_page_shows_what_did_not_hold(tmp_path):
    from claims.page import write_page
    from claims.running import write

    write(experiment(claim(), claim(key="b", value=0.25)), "p3_made", 2.0, tmp_path)
    write_page(tmp_path)
    page = (tmp_path / "index.md").read_text(encoding="utf-8")
    assert "1 of 2 claims held." in page
    assert "| P3 | [It falls.](#p3_made) | 0.25 | at most -0.4 | **no** | data |" in page
    assert "![A title](p3_made.svg)" in page


def test_numbers_that_are_none_become_null_and_objects_are_refused():
    from claims.running import rounded

    assert rounded({"a": (1.23456789, np.inf), 2: np.float64(0.5)}) == {
        "a": [1.23457, None],
        "2": 0.5,
    }
    with pytest.raises(TypeError, match="object does not belong into the numbers"):
        rounded([object()])
