"""Verdicts on planted effects."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from ntkreg.inspection import Expectation, explain, judge_knowledge
from ntkreg.inspection.association import correlated_partner
from ntkreg.inspection.knowledge.joint import adjusted
from ntkreg.inspection.resampling import resampling_units

SLOPES = {"rises": 2.0, "falls": -1.0, "small": 0.02, "nothing": 0.0}


def linear_table(make_dataset, rng, *, n=120, noise=0.5, extra=None):
    columns = {name: rng.normal(size=n) for name in SLOPES}
    y = sum(slope * columns[name] for name, slope in SLOPES.items())
    y = y + noise * rng.normal(size=n)
    return make_dataset(columns | (extra or {}), y)


def fitted(dataset, formula, columns=None):
    """Explain an ordinary least-squares fit on the numeric columns."""
    keys = columns or [c.key for c in dataset.feature_columns if c.kind == "numeric"]
    model = LinearRegression().fit(dataset.features[keys].to_numpy(), dataset.y)
    return explain(formula(lambda t: model.predict(t[keys].to_numpy())), "ridge", dataset)


def verdict_on(column, effect, explanation, dataset, **options):
    return judge_knowledge([Expectation(column, effect)], explanation, dataset, **options)[0]


@pytest.mark.parametrize(
    ("column", "effect", "verdict"),
    [
        ("rises", "increasing", "CONFIRMED"),
        ("rises", "decreasing", "CONTRADICTED"),
        ("rises", "none", "CONTRADICTED"),
        ("falls", "decreasing", "CONFIRMED"),
        ("falls", "increasing", "CONTRADICTED"),
        ("falls", "none", "CONTRADICTED"),
        ("nothing", "none", "CONFIRMED"),
        ("nothing", "increasing", "UNDECIDED"),
        ("nothing", "decreasing", "UNDECIDED"),
        ("small", "increasing", "UNDECIDED"),
    ],
)
def test_planted_effects_are_judged(make_dataset, rng, formula, column, effect, verdict):
    dataset = linear_table(make_dataset, rng)
    found = verdict_on(column, effect, fitted(dataset, formula), dataset)
    assert found.verdict == verdict
    assert (found.confidence >= 0.9) or verdict == "UNDECIDED"
    assert column in found.reason.text("en")
    assert column in found.reason.text("ja")


def test_the_slope_is_per_standard_deviation_of_the_column(make_dataset, rng, formula):
    dataset = linear_table(make_dataset, rng)
    model = formula(lambda t: 3.0 * t["f0"])
    found = verdict_on("rises", "increasing", explain(model, "ntk", dataset), dataset)
    assert found.slope == pytest.approx(3.0 * dataset.features["f0"].std(ddof=0))


def test_a_column_without_effect_is_seldom_given_a_direction(make_dataset, rng, formula):
    decided = 0
    for _ in range(30):
        dataset = linear_table(make_dataset, rng, n=40, noise=2.0)
        found = verdict_on("nothing", "increasing", fitted(dataset, formula), dataset)
        decided += found.verdict != "UNDECIDED"
    # two-sided at 0.9 in each direction, with residuals of the fit itself: about one in four
    assert decided / 30 < 0.4


def lot_table(make_dataset, rng, *, with_groups):
    """Twelve lots of ten rows; the column belongs to the lot and does nothing, the lot does."""
    lot = np.repeat(np.arange(12), 10)
    viscosity, level = rng.normal(size=12)[lot], rng.normal(size=12)[lot]
    groups = lot.astype(str) if with_groups else None
    y = level + 0.1 * rng.normal(size=120)
    return make_dataset({"粘度": viscosity}, y, groups=groups)


def share_decided(make_dataset, rng, formula, *, with_groups):
    decided = 0
    for _ in range(30):
        dataset = lot_table(make_dataset, rng, with_groups=with_groups)
        found = verdict_on("粘度", "increasing", fitted(dataset, formula), dataset)
        decided += found.verdict != "UNDECIDED"
    return decided / 30


def test_a_column_that_belongs_to_lots_is_judged_by_lots(make_dataset, rng, formula):
    assert share_decided(make_dataset, rng, formula, with_groups=True) < 0.45
    assert share_decided(make_dataset, rng, formula, with_groups=False) > 0.6


def test_rows_are_resampled_by_lot_by_stretch_of_time_or_one_by_one(make_dataset, rng):
    x = rng.normal(size=100)
    lots = np.repeat(np.arange(10), 10).astype(str)
    by_lot = resampling_units(make_dataset({"a": x}, x, groups=lots), rng)
    assert by_lot.tolist() == np.repeat(np.arange(10), 10).tolist()
    by_time = resampling_units(make_dataset({"a": x}, x, time=-np.arange(100.0)), rng)
    assert by_time.tolist() == np.repeat(np.arange(10), 10)[::-1].tolist()
    assert sorted(resampling_units(make_dataset({"a": x}, x), rng)) == list(range(100))
    few = resampling_units(make_dataset({"a": x}, x, groups=np.full(100, "A")), rng)
    assert len(set(few.tolist())) == 100


def test_held_out_residuals_make_a_fitted_direction_less_sure(make_dataset, rng, formula):
    dataset = linear_table(make_dataset, rng, n=40, noise=3.0)
    explanation = explain(formula(lambda t: 0.5 * t["f3"]), "ntk", dataset)
    exact = np.zeros(dataset.n_rows)
    own = verdict_on("nothing", "increasing", explanation, dataset, residuals=exact)
    large = rng.normal(size=dataset.n_rows) * 20
    unsure = verdict_on("nothing", "increasing", explanation, dataset, residuals=large)
    assert (own.verdict, unsure.verdict) == ("CONFIRMED", "UNDECIDED")
    assert own.confidence == 1.0 > unsure.confidence


def paired_table(make_dataset, rng, sign=1.0):
    """Two columns that move together; a model that leans on one of them in both directions."""
    pressure = rng.normal(size=150)
    flow = sign * pressure + 0.1 * rng.normal(size=150)
    columns = {"圧力": pressure, "流量": flow, "温度": rng.normal(size=150)}
    return make_dataset(columns, pressure + 0.1 * rng.normal(size=150))


@pytest.mark.parametrize(
    ("column", "effect", "verdict"),
    [
        ("圧力", "increasing", "CONFIRMED"),
        ("流量", "increasing", "CONFIRMED"),
        ("圧力", "decreasing", "CONTRADICTED"),
        ("流量", "decreasing", "CONTRADICTED"),
        ("流量", "none", "UNDECIDED"),
    ],
)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_cluster_gets_one_verdict(make_dataset, rng, formula, column, effect, verdict, sign):
    dataset = paired_table(make_dataset, rng, sign)
    explanation = explain(formula(lambda t: 2 * t["f0"] - sign * t["f1"]), "ntk", dataset)
    if sign < 0 and column == "流量":
        effect = {"increasing": "decreasing", "decreasing": "increasing"}.get(effect, effect)
    found = verdict_on(column, effect, explanation, dataset)
    assert found.verdict == verdict
    assert found.cluster == ("圧力", "流量")
    assert all(name in found.reason.text(lang) for name in found.cluster for lang in ("ja", "en"))


def test_all_columns_of_a_cluster_have_the_same_slope(make_dataset, rng, formula):
    dataset = paired_table(make_dataset, rng)
    explanation = explain(formula(lambda t: 2 * t["f0"] - t["f1"]), "ntk", dataset)
    asked = [Expectation(name, "increasing") for name in ("圧力", "流量", "温度")]
    own, other, alone = judge_knowledge(asked, explanation, dataset)
    assert own.slope == pytest.approx(other.slope)
    assert own.confidence == other.confidence
    assert (alone.cluster, alone.reason.values["column"]) == ((), "温度")


@pytest.mark.parametrize(
    ("sign", "first", "second", "code"),
    [
        (1.0, "increasing", "decreasing", "V427"),
        (1.0, "increasing", "increasing", "V410"),
        (-1.0, "increasing", "decreasing", "V410"),
        (-1.0, "increasing", "increasing", "V427"),
        (1.0, "increasing", "peak", "V427"),
        (1.0, "increasing", "none", "V410"),
    ],
)
def test_expectations_that_exclude_each_other_in_a_cluster_are_undecided(
    make_dataset, rng, formula, sign, first, second, code
):
    dataset = paired_table(make_dataset, rng, sign)
    explanation = explain(formula(lambda t: t["f0"]), "ntk", dataset)
    asked = [Expectation("圧力", first), Expectation("流量", second)]
    assert judge_knowledge(asked, explanation, dataset)[0].reason.code == code


def test_a_cluster_of_which_nothing_is_expected_can_contradict_that(make_dataset, rng, formula):
    dataset = paired_table(make_dataset, rng)
    explanation = explain(formula(lambda t: t["f0"]), "ntk", dataset)
    asked = [Expectation("圧力", "none"), Expectation("流量", "none")]
    codes = {v.reason.code for v in judge_knowledge(asked, explanation, dataset)}
    assert codes == {"V415"}
    assert verdict_on("流量", "none", explanation, dataset).reason.code == "V428"
    idle = explain(formula(lambda t: t["f2"]), "ntk", dataset)
    assert verdict_on("流量", "none", idle, dataset).reason.code == "V414"


def test_a_category_that_fixes_a_number_is_judged_with_it(make_dataset, rng, formula):
    steel = rng.integers(3, size=150)
    carbon = 0.2 + 0.1 * steel + 0.005 * rng.normal(size=150)
    names = np.array(["S25C", "S35C", "S45C"], dtype=object)[steel]
    dataset = make_dataset({"炭素量": carbon, "鋼種": names}, carbon)
    explanation = explain(formula(lambda t: (t["f1"] == "S45C") * 1.0), "ntk", dataset)
    found = verdict_on("炭素量", "increasing", explanation, dataset)
    assert (found.verdict, found.cluster) == ("CONFIRMED", ("炭素量", "鋼種"))


def test_a_related_column_makes_a_direction_less_sure(rng):
    z, other = rng.normal(size=(2, 400))
    z = z - z.mean()
    related = 0.6 * z + 0.8 * other
    left = adjusted(z, np.column_stack([other, related]))
    assert abs(np.corrcoef(left, related)[0, 1]) < 1e-9
    assert left @ left == pytest.approx(0.64 * (z @ z), rel=0.1)
    assert adjusted(z, other[:, None]) == pytest.approx(z)


def test_an_effect_that_turns_has_no_direction(make_dataset, rng, formula):
    x = rng.uniform(-1, 1.1, size=200)
    dataset = make_dataset({"温度": x}, x**2)
    explanation = explain(formula(lambda t: t["f0"] ** 2), "ntk", dataset)
    for effect in ("increasing", "decreasing"):
        assert verdict_on("温度", effect, explanation, dataset).verdict == "UNDECIDED"
    assert verdict_on("温度", "none", explanation, dataset).verdict == "CONTRADICTED"


def test_categories_have_no_direction_but_may_have_no_effect(make_dataset, rng, formula):
    material = rng.choice(["a", "b"], 120).astype(object)
    dataset = linear_table(make_dataset, rng, extra={"材質": material})
    explanation = fitted(dataset, formula)
    found = verdict_on("材質", "increasing", explanation, dataset)
    assert (found.verdict, found.reason.code) == ("UNDECIDED", "V402")
    assert verdict_on("材質", "none", explanation, dataset).verdict == "CONFIRMED"


def test_a_dropped_column_is_undecided(make_dataset, rng, formula):
    dataset = make_dataset({"圧力": rng.normal(size=30)}, rng.normal(size=30), dropped=("LOT",))
    explanation = explain(formula(lambda t: t["f0"]), "ntk", dataset)
    found = verdict_on("LOT", "none", explanation, dataset)
    assert (found.verdict, found.reason.code) == ("UNDECIDED", "V401")
    assert np.isnan(found.slope)


def test_missing_cells_and_few_values_are_handled(make_dataset, rng, formula):
    x = np.full(40, np.nan)
    x[:4] = [1.0, 2.0, 3.0, 4.0]
    dataset = make_dataset({"圧力": x, "温度": rng.normal(size=40)}, rng.normal(size=40))
    explanation = explain(formula(lambda t: t["f0"].fillna(2.5)), "ntk", dataset)
    found = verdict_on("圧力", "increasing", explanation, dataset)
    assert (found.verdict, found.reason.code) == ("UNDECIDED", "V403")


def test_the_same_seed_gives_the_same_verdicts(make_dataset, rng, formula):
    dataset = linear_table(make_dataset, rng, n=30, noise=3.0)
    explanation = fitted(dataset, formula)
    expected = [Expectation(name, "increasing") for name in SLOPES]
    first, again, other = (
        judge_knowledge(expected, explanation, dataset, seed=seed) for seed in (4, 4, 5)
    )
    assert first == again
    assert [v.confidence for v in first] != [v.confidence for v in other]


def test_the_partner_is_the_most_correlated_column(make_dataset, rng):
    x = rng.normal(size=50)
    columns = {"a": x, "b": x + 0.2 * rng.normal(size=50), "c": np.exp(3 * x), "d": -x[::-1]}
    dataset = make_dataset(columns, x)
    partners = [correlated_partner(column, dataset) for column in dataset.feature_columns]
    assert partners == ["c", "a", "a", None]


def test_a_category_that_fixes_a_number_is_its_partner(make_dataset, rng):
    steel = rng.integers(3, size=60)
    carbon = 0.2 + 0.1 * steel + 0.005 * rng.normal(size=60)
    serial = np.array([f"S{i // 2}" for i in range(60)], dtype=object)
    names = np.array(["S25C", "S35C", "S45C"], dtype=object)[steel]
    dataset = make_dataset({"炭素量": carbon, "鋼種": names, "連番": serial}, carbon)
    partners = [correlated_partner(column, dataset) for column in dataset.feature_columns]
    assert partners == ["鋼種", "炭素量", None]


BOW = np.linspace(-2, 2, 120)


def shaped(make_dataset, rng, formula, function, effect, **limits):
    """Verdict on one column whose effect is known, with noise of 0.3."""
    y = function(BOW) + 0.3 * rng.normal(size=len(BOW))
    dataset = make_dataset({"温度": BOW, "圧力": rng.normal(size=len(BOW))}, y)
    explanation = explain(formula(lambda t: function(t["f0"].to_numpy())), "ntk", dataset)
    return judge_knowledge([Expectation("温度", effect, **limits)], explanation, dataset)[0]


SHAPES = {
    "peak": lambda x: -((x - 0.5) ** 2),
    "valley": lambda x: (x - 0.5) ** 2,
    "rising": lambda x: x,
    "falling": lambda x: -x,
}


@pytest.mark.parametrize(
    ("shape", "effect", "verdict", "code"),
    [
        ("peak", "peak", "CONFIRMED", "V420"),
        ("valley", "valley", "CONFIRMED", "V421"),
        ("peak", "valley", "CONTRADICTED", "V426"),
        ("valley", "peak", "CONTRADICTED", "V425"),
        ("rising", "peak", "CONTRADICTED", "V423"),
        ("falling", "valley", "CONTRADICTED", "V424"),
    ],
)
def test_planted_shapes_are_judged(make_dataset, rng, formula, shape, effect, verdict, code):
    found = shaped(make_dataset, rng, formula, SHAPES[shape], effect)
    assert (found.verdict, found.reason.code) == (verdict, code)
    assert found.confidence >= 0.9


def test_the_turning_point_is_where_it_was_planted(make_dataset, rng, formula):
    found = shaped(make_dataset, rng, formula, SHAPES["peak"], "peak")
    assert float(found.reason.values["turn"]) == pytest.approx(0.5, abs=0.25)


def test_a_flat_column_has_no_sure_shape(make_dataset, rng, formula):
    found = shaped(make_dataset, rng, formula, lambda x: 0.001 * x, "peak")
    assert (found.verdict, found.reason.code) == ("UNDECIDED", "V418")


@pytest.mark.parametrize(
    ("effect", "limits", "verdict"),
    [
        ("increasing", {"high": 0.0}, "CONFIRMED"),
        ("decreasing", {"low": 1.0}, "CONFIRMED"),
        ("increasing", {"low": 1.0}, "CONTRADICTED"),
        ("peak", {"low": -1.0, "high": 2.0}, "CONFIRMED"),
        ("peak", {"low": 1.0}, "CONTRADICTED"),
        ("increasing", {"low": 50.0}, "UNDECIDED"),
    ],
)
def test_an_expectation_holds_within_its_range(make_dataset, rng, formula, effect, limits, verdict):
    found = shaped(make_dataset, rng, formula, SHAPES["peak"], effect, **limits)
    assert found.verdict == verdict
    assert found.expectation.range_text in found.reason.text("ja")


def test_no_effect_within_a_range_is_about_changes_there(make_dataset, rng, formula):
    def step(x):
        return np.where(x > 1.0, 3.0, 0.0)

    low = shaped(make_dataset, rng, formula, step, "none", high=0.9)
    assert low.verdict == "CONFIRMED"
    assert shaped(make_dataset, rng, formula, step, "none", high=1.5).verdict == "CONTRADICTED"


def test_a_contradiction_must_be_surer_than_a_confirmation(make_dataset, rng, formula):
    """A slope that 90 to 97.5 % of the resamples share confirms but does not contradict."""
    dataset = linear_table(make_dataset, rng, n=40, noise=3.0)
    explanation = explain(formula(lambda t: 0.5 * t["f3"]), "ntk", dataset)
    noise = rng.normal(size=40) * np.arange(0.5, 8, 0.1)[:, None]
    found = [
        verdict_on("nothing", effect, explanation, dataset, residuals=residuals - residuals.mean())
        for residuals in noise
        for effect in ("increasing", "decreasing")
    ]
    between = [v for v in found if 0.9 <= v.confidence < 0.975]
    assert {v.verdict for v in between if v.expectation.effect == "decreasing"} == {"UNDECIDED"}
    assert {v.verdict for v in between if v.expectation.effect == "increasing"} == {"CONFIRMED"}
