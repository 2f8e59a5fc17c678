"""Three small plant tables with known truth; installed as the package ``ntkreg_sample_data``.

Read them with :func:`importlib.resources.files`; `TABLES` says what is in each. The physics that
made them stands in the module of the same name and in ``README.md`` beside this file.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SampleTable:
    """One table and what to ask of it.

    Parameters
    ----------
    file, knowledge : str
        File names inside this package: the table, and what an engineer expects of its columns.
    target : str
        Header of the column to predict.
    group, time : str or None
        Header of the lot column and of the date-time column, where there is one.
    wrong_belief : str
        Column of which the knowledge file says the opposite of the physics, on purpose.
    """

    file: str
    target: str
    group: str | None
    time: str | None
    knowledge: str
    wrong_belief: str


TABLES: dict[str, SampleTable] = {
    "injection_molding": SampleTable(
        file="injection_molding.xlsx",
        target="収縮率[%]",
        group="材料ロット",
        time=None,
        knowledge="injection_molding_knowledge.toml",
        wrong_belief="樹脂温度[℃]",
    ),
    "heat_treatment": SampleTable(
        file="heat_treatment_cp932.csv",
        target="硬さ[HRC]",
        group=None,
        time=None,
        knowledge="heat_treatment_knowledge.toml",
        wrong_belief="油温[℃]",
    ),
    "coating_line": SampleTable(
        file="coating_line.csv",
        target="dry_weight[g/m2]",
        group=None,
        time="datetime",
        knowledge="coating_line_knowledge.toml",
        wrong_belief="filter_dp[kPa]",
    ),
}
