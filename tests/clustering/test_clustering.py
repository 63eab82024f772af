"""k-means and its relatives: every program against a direct implementation, round by round."""

import sys
from fractions import Fraction

import numpy as np

import direct
import tap
from data import GOLDEN, Data, awkward, blobs, general, grid, uniform
from rounds import rounds

ROUNDS = 30


def followed(program, data, step, extra=None, params=None, starts=None, points=None, count=ROUNDS):
    """Rounds of the program beside those of a direct implementation: (centres, other) pairs, where `other` of the
    program is the second output at the points."""
    points = data.points if points is None else points
    centres = data.starts if starts is None else starts
    inputs = {**data.inputs(), **(extra or {})}
    for found in rounds(program, inputs, {"d": data.d, **(params or {})}, count):
        names = list(found)
        centres, other = step(points, centres)
        yield found[names[0]][:data.k], centres, found[names[1]][-data.n:], other


def equal(*arguments, **named):
    """Centres and owners, bit for bit, at every round."""
    for r, (centres, want, owner, want_owner) in enumerate(followed(*arguments, **named), 1):
        assert np.array_equal(owner, want_owner), f"round {r}: owners\n{owner}\n{want_owner}"
        assert np.array_equal(centres, want), f"round {r}: centres differ by {np.abs(centres - want).max()}"


def close(*arguments, **named):
    """Within 1e-12 at every round; returns the largest difference."""
    largest = 0
    for r, (centres, want, parts, want_parts) in enumerate(followed(*arguments, **named), 1):
        largest = max(largest, np.abs(centres - want).max(), np.abs(parts - want_parts).max())
        assert largest <= 1e-12, f"round {r}: differs by {largest}"
    return largest


def cases(program, check, sets):
    for data in sets:
        yield f"{program}: {data.name}", lambda data=data: check(data)


# --- Lloyd -----------------------------------------------------------------------------------------

def test_each_lloyd():
    yield from cases("lloyd", lambda data: equal("clustering/lloyd", data, direct.lloyd), general() + awkward())


def ids(data):
    return {"id": np.concatenate([np.eye(data.k), np.zeros((data.n, data.k))])}


def paper(data, step, count=ROUNDS, **params):
    """The k-means transformer has no is_centre: its tokens are [x; id]."""
    inputs = {"x": data.inputs()["x"], **ids(data)}
    centres = data.starts
    for r, found in enumerate(rounds("clustering/lloyd_paper", inputs, {"d": data.d, "k": data.k, **params}, count), 1):
        centres, parts = step(data.points, centres)
        parts = parts if parts.ndim == 2 else direct.one_hot(parts, data.k)
        assert np.array_equal(found["y"][data.k:], parts), f"round {r}: the numbers"
        # A centre is moved by z - z + mean.
        assert np.array_equal(found["z"][:data.k], centres), f"round {r}: the centres"


def test_each_lloyd_paper():
    for literal in (False, True):
        how = "itself by distance" if literal else "itself by place"
        yield from cases(f"lloyd_paper, first centre, {how}", lambda data, literal=literal: paper(
            data, direct.lloyd, averaged=False, by_hardmax=False, literal=literal), general() + awkward())
    yield from cases("lloyd_paper, ties averaged by hardmax", lambda data: paper(
        data, direct.lloyd_averaged, averaged=True, by_hardmax=True), general() + awkward())
    yield from cases("lloyd_paper, ties averaged by parts", lambda data: paper(
        data, direct.lloyd_shared, averaged=True, by_hardmax=False), general() + awkward())


def by_number(program, bits=False):
    """Programs whose second output is a code of the owner, one-hot or binary."""
    def check(data):
        width = max(1, (data.k - 1).bit_length())
        step = direct.lloyd if bits else direct.lloyd_by_dots

        def coded(points, centres):
            centres, owner = step(points, centres)
            return centres, owner[:, None] >> np.arange(width) & 1 if bits else direct.one_hot(owner, data.k)
        equal(f"clustering/{program}", data, coded, params={"bits": width} if bits else {"k": data.k})
    return check


def test_each_lloyd_binary():
    yield from cases("lloyd_binary", by_number("lloyd_binary", bits=True), general() + awkward())


def test_each_lloyd_dot():
    yield from cases("lloyd_dot", by_number("lloyd_dot"), general() + awkward())


def test_each_lloyd_relu():
    # Its gates are for numbers below 1000; one of the awkward sets has a centre beyond.
    sets = [data for data in general() + awkward() if np.abs(data.starts).max() < 1000]
    yield from cases("lloyd_relu", by_number("lloyd_relu"), sets)


FIRST = [["0,1", "11/3,4", "43/4,13/2"], ["1/3,2/3", "33/5,18/5", "20,20"], ["1/3,2/3", "33/5,18/5", "20,20"]]
AVERAGED = [["0,1", "1,0", "43/4,13/2"], ["0,2", "1,0", "53/6,19/3"], ["0,2", "1/2,0", "53/6,19/3"],
            ["0,2", "1/2,0", "53/6,19/3"]]


def golden(program, want, inputs, **params):
    for found, centres in zip(rounds(program, inputs, params, len(want)), want):
        exact = [[float(Fraction(number)) for number in centre.split(",")] for centre in centres]
        got = next(iter(found.values()))[:3]
        assert np.abs(got - exact).max() <= 4e-15, (got, exact)


def test_each_golden():
    """The two tie rules on nine points, where (5, 5) is as near to one centre as to another."""
    points, tokens = GOLDEN.inputs(), {"x": GOLDEN.inputs()["x"], **ids(GOLDEN)}
    for name in ("lloyd", "lloyd_binary", "lloyd_dot", "lloyd_relu"):
        yield f"{name}: golden, the first centre", lambda name=name: golden(f"clustering/{name}", FIRST, points)
    for literal in (False, True):
        yield f"lloyd_paper: golden, the first centre, literal {literal}", lambda literal=literal: golden(
            "clustering/lloyd_paper", FIRST, tokens, averaged=False, by_hardmax=False, literal=literal)
        yield f"lloyd_paper: golden, averaged, literal {literal}", lambda literal=literal: golden(
            "clustering/lloyd_paper", AVERAGED, tokens, averaged=True, by_hardmax=True, literal=literal)


# --- what is equal ---------------------------------------------------------------------------------

def with_column(data, column, filler=0.0):
    """An input's values at the points, a filler at the centres."""
    return np.concatenate([np.full(data.k, filler), column])


def test_each_weighted():
    def check(data):
        weight = np.random.default_rng(data.n).integers(0, 4, data.n) / 4
        equal("clustering/weighted", data, direct.weighted(weight), extra={"weight": with_column(data, weight)})
    yield from cases("weighted", check, general() + awkward())


def test_each_trimmed():
    for tau in (0.4, 1.5):
        yield from cases(f"trimmed at {tau}", lambda data, tau=tau: equal(
            "clustering/trimmed", data, direct.trimmed(tau), params={"tau": tau}), general() + awkward())


def test_each_trimmed_sink():
    def check(data):
        def step(points, centres):
            centres, owner = direct.trimmed_by_dots(1.5)(points, centres)
            return centres, np.where(owner < 0, data.k, owner)
        tokens = np.arange(data.k + 1 + data.n)
        x = np.concatenate([data.starts, np.full((1, data.d), 7.0), data.points])
        equal("clustering/trimmed_sink", data, step, params={"tau": 1.5},
              extra={"x": x, "is_centre": tokens < data.k, "is_sink": tokens == data.k})
    yield from cases("trimmed_sink", check, general() + awkward())


def test_each_trimmed_quantile():
    """Who counts is compared by the owner of those that do."""
    def check(data):
        centres = data.starts
        for r, found in enumerate(rounds("clustering/trimmed_quantile", data.inputs(), {"d": data.d}, ROUNDS), 1):
            centres, owner = direct.trimmed_quantile(0.75)(data.points, centres)
            got = np.where(found["counts"], found["owner"], found["owner"] - 100)[data.k:]
            assert np.array_equal(got, owner), f"round {r}: owners"
            assert np.array_equal(found["c"][:data.k], centres), f"round {r}: centres"
    yield from cases("trimmed_quantile", check, general() + awkward())


def test_each_kmedoids():
    yield from cases("kmedoids", lambda data: equal("clustering/kmedoids", data, direct.kmedoids), general() + awkward())


def test_each_kmedoids_random():
    def check(data, beta):
        noise = np.random.default_rng(data.n).uniform(0.01, 0.99, data.n)
        equal("clustering/kmedoids_random", data, direct.kmedoids_random(noise, beta), params={"beta": beta},
              extra={"noise": with_column(data, noise, 0.5)})
    for beta in (0.0, 2.0):
        yield from cases(f"kmedoids_random with beta {beta}", lambda data, beta=beta: check(data, beta), general())


def test_each_kmedians():
    yield from cases("kmedians", lambda data: equal("clustering/kmedians", data, direct.kmedians, params={"k": data.k}),
                     general() + awkward())


def test_each_kernel():
    yield from cases("kernel", lambda data: equal(
        "clustering/kernel", data, direct.lloyd, starts=direct.polynomial(data.starts),
        points=direct.polynomial(data.points)), [blobs(21, 150, 3, 4), grid(22, 60, 2, 4), uniform(23, 50, 1, 3)])


def nonzero(data):
    """For directions: no point at 0, nor any whose directions cancel."""
    return Data(data.name, data.starts + 5, data.points + 5)


def test_each_spherical():
    sets = [nonzero(data) for data in general() + awkward()]
    yield from cases("spherical", lambda data: equal(
        "clustering/spherical", data, direct.spherical, starts=direct.directions(data.starts),
        points=direct.directions(data.points)), sets)


# --- what is close ---------------------------------------------------------------------------------

def differences(program, check, sets):
    """One case for all sets, which tells the largest difference."""
    def all_sets():
        return f"the largest difference is {max(check(data) for data in sets):.2g}"
    yield f"{program}: {len(sets)} sets of points, {ROUNDS} rounds, within 1e-12", all_sets


def test_each_soft():
    for gamma in (0.2, 1.0, 50.0):
        yield from differences(f"soft, gamma {gamma}", lambda data, gamma=gamma: close(
            "clustering/soft", data, direct.soft(gamma), params={"k": data.k, "gamma": gamma}), general() + awkward())


def test_each_mirrored():
    sets = [nonzero(data) for data in general()]
    yield from differences("spherical, by layer norm", lambda data: close(
        "clustering/spherical", data, direct.spherical, params={"mirrored": True},
        starts=direct.directions(data.starts), points=direct.directions(data.points)), sets)


def test_each_robust():
    for gamma in (0.1, 2.0):
        yield from differences(f"robust, gamma {gamma}", lambda data, gamma=gamma: close(
            "clustering/robust", data, direct.robust(gamma), params={"gamma": gamma}), general() + awkward())


def test_each_fuzzy():
    yield from differences("fuzzy", lambda data: close("clustering/fuzzy", data, direct.fuzzy, params={"k": data.k}),
                           general() + awkward())


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
