"""Data flows one way, and no piece grows beyond what can be read at one sitting."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ORDER = (
    *("io", "preprocessing", "ntk", "papers", "evaluation", "inspection", "decision"),
    *("persistence", "reporting", "study"),
)
FREE = {"messages", "exceptions", "models", "parallel"}
IO_ORDER = ("files", "cells", "layout", "columns")
INSPECTION_ORDER = ("leaks", "domain", "attribution", "knowledge")
NTK_ORDER = ("kernel", "metric", "landmarks", "network", "prescription", "training", "regime")
REPORTING_ORDER = ("charts", "sections", "workbook")
HEAVY = {"torch", "shap", "lightgbm", "altair", "vl_convert"}
TORCH_MODULES = {"ntkreg/ntk/network/architecture.py", "ntkreg/ntk/network/gradient_descent.py"}
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("ntkreg", "cli", "sample_data")
    for path in (ROOT / folder).rglob("*.py")
)


def parse(module):
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


def imported(nodes, module):
    """Yield the absolute name of everything imported in the nodes."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.removesuffix(".py").split("/")[: -node.level] if node.level else []
            yield ".".join([*base, *([node.module] if node.module else [])])
            yield from (".".join([*base, node.module or "", alias.name]) for alias in node.names)


def at_import_time(tree):
    """Yield the nodes that run when the module is imported."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
            waiting.extend(ast.iter_child_nodes(node))


def body_length(function):
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("ntkreg/")])
def test_a_package_imports_only_from_packages_before_it(module):
    own = module.removeprefix("ntkreg/").split("/")[0].removesuffix(".py")
    before = FREE | set(ORDER[: ORDER.index(own) + 1] if own in ORDER else ORDER)
    names = set(imported(ast.walk(parse(module)), module))
    used = {name.split(".")[1] for name in names if name.startswith("ntkreg.")} & {*ORDER, *FREE}
    assert used <= (FREE if own in FREE else before)
    assert not {name for name in names if name.split(".")[0] in ("ntkreg_cli", "cli")}


@pytest.mark.parametrize(
    ("package", "order"),
    [
        *[("io", IO_ORDER), ("ntk", NTK_ORDER)],
        *[("inspection", INSPECTION_ORDER), ("reporting", REPORTING_ORDER)],
    ],
)
def test_inside_a_package_too(package, order):
    for k, own in enumerate(order):
        for module in (m for m in MODULES if m.startswith(f"ntkreg/{package}/{own}/")):
            names = [name.split(".") for name in imported(ast.walk(parse(module)), module)]
            used = {name[2] for name in names if name[:2] == ["ntkreg", package] and name[2:]}
            assert used & {*order} <= {*order[: k + 1]}, module


@pytest.mark.parametrize("module", MODULES)
def test_heavy_libraries_are_not_imported_with_the_module(module):
    loaded = {name.split(".")[0] for name in imported(at_import_time(parse(module)), module)}
    allowed = {"torch"} if module in TORCH_MODULES else set()
    assert not loaded & (HEAVY - allowed)


@pytest.mark.parametrize("module", MODULES)
def test_modules_and_functions_stay_short(module):
    functions = (n for n in ast.walk(parse(module)) if isinstance(n, ast.FunctionDef))
    length = len((ROOT / module).read_text(encoding="utf-8").splitlines())
    assert length <= 250
    assert {f.name: body_length(f) for f in functions if body_length(f) > 40} == {}
