"""The Typer application: one command a module under `commands`."""

from __future__ import annotations

from typing import Annotated

import typer

from .benchmark import benchmark
from .check import check
from .demo import demo
from .explain import explain
from .fit import fit
from .init import init
from .predict import predict
from .run import run

app = typer.Typer(
    name="ntkreg",
    pretty_exceptions_enable=False,
    # the drawn help cuts Japanese, which has no blanks to break lines at, and imports rich
    rich_markup_mode=None,
)


def _show_version(asked: bool) -> None:
    if asked:
        from ntkreg import __version__

        typer.echo(f"ntkreg {__version__}")
        raise typer.Exit


@app.callback(help="I650")
def root(
    version: Annotated[
        bool, typer.Option("--version", help="I658", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Take the options that stand before the command."""


app.command(help="I651")(run)
app.command(help="I652")(check)
app.command(help="I653")(fit)
app.command(help="I654")(predict)
app.command(help="I655")(benchmark)
app.command(help="I656")(explain)
app.command(help="I657")(demo)
app.command(help="I749")(init)
