"""Lloyd's transformer against scikit-learn's `lloyd`, from the same start, at every round and under every engine.

scikit-learn takes the mean of all points from them first and adds it again to the centres, finds the nearest centre by
|c|^2 - 2 <x, c>, and adds up its points in chunks. So its centres are ours but for rounding, and no rounding goes from one
round to the next as long as every point has the same owner. How far may they be apart? With u = 2^-53, coordinates of at
most M and a cluster of m points: a difference x - mean is rounded by at most 2Mu, the sum of m such numbers in any order
by (m-1)m 2Mu, its product with the rounded 1/m by 4Mu more, and adding the mean by Mu: a mean of (2m + 5)Mu at most. Our
sum and division round by mMu. Together (3m + 5)Mu.

What the two do with a cluster that has lost all its points is not the same (scikit-learn moves its centre to a far point,
here it stays), nor which of two equally near centres is taken: there are no such rounds in these data, and the test
fails if there are.
"""

import sys
import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import pairwise_distances_argmin

import tap
from data import Data
from rounds import rounds

ROUNDS = 10
ENGINES = ("eval", "interp", "jit")


def blobs(seed, n, d, k):
    """Points round middles in the unit cube, then scaled to 0..1; the centres start at the first k."""
    random = np.random.default_rng(seed)
    points = random.random((k, d))[random.integers(k, size=n)] + 0.1 * random.standard_normal((n, d))
    points = (points - points.min(0)) / (points.max(0) - points.min(0))
    return Data(f"n={n} d={d} k={k}", points[:k], points)


def even(seed, n, d, k):
    """Points anywhere in the unit cube: in many dimensions far blobs would leave centres without points."""
    points = np.random.default_rng(seed).random((n, d))
    return Data(f"even n={n} d={d} k={k}", points[:k], points)


SETS = (blobs(0, 200, 1, 3), blobs(1, 500, 2, 5), blobs(2, 1000, 8, 8), blobs(3, 2000, 2, 5), even(4, 2000, 32, 20))


def learned(data):
    """scikit-learn's rounds: (who owned the points in it, the centres after it)."""
    owner = pairwise_distances_argmin(data.points, data.starts)
    for r in range(1, ROUNDS + 1):
        fitted = KMeans(data.k, init=data.starts, n_init=1, max_iter=r, tol=0, algorithm="lloyd").fit(data.points)
        yield owner, fitted.cluster_centers_
        owner = fitted.labels_  # by the centres that it gives: the next round's


def shortest(data, engine):
    for found in rounds("clustering/lloyd", data.inputs(), {"d": data.d}, ROUNDS, engine):
        yield found["owner"][data.k:], found["c"][:data.k]


def paper(data, engine):
    """The k-means transformer as the paper has it; of equally near centres the first."""
    inputs = {"x": data.inputs()["x"], "id": np.concatenate([np.eye(data.k), np.zeros((data.n, data.k))])}
    params = {"d": data.d, "k": data.k, "averaged": False}
    for found in rounds("clustering/lloyd_paper", inputs, params, ROUNDS, engine):
        parts = found["y"][data.k:]
        assert np.array_equal(np.sort(parts, 1)[:, -2:], np.tile([0.0, 1.0], (data.n, 1))), "no one-hot"
        yield parts.argmax(1), found["z"][:data.k]


def compare(program, data, engine):
    farthest = share = 0
    for r, ((owner, centres), (want_owner, want)) in enumerate(zip(program(data, engine), learned(data)), 1):
        size = np.bincount(want_owner, minlength=data.k)
        assert size.min() > 0, f"round {r}: a cluster is empty; take other data"
        assert np.array_equal(owner, want_owner), f"round {r}: {np.flatnonzero(owner != want_owner)} have another owner"
        bound = (3 * size[:, None] + 5) * 2.0 ** -53 * np.abs(data.points).max()
        apart = np.abs(centres - want)
        assert (apart <= bound).all(), f"round {r}: centres are {apart.max()} apart, {(apart / bound).max()} of the bound"
        assert apart.max() <= 1e-14, f"round {r}: centres are {apart.max()} apart"
        farthest, share = max(farthest, apart.max()), max(share, (apart / bound).max())
    return f"{ROUNDS} rounds, same owners, centres at most {farthest:.1e} apart, {share:.1%} of the bound"


def test_each_lloyd():
    warnings.simplefilter("ignore", ConvergenceWarning)
    for name, program in (("lloyd", shortest), ("lloyd_paper", paper)):
        for data in SETS:
            for engine in ENGINES:
                yield (f"{name} as scikit-learn has it: {data.name}, {engine}",
                       lambda program=program, data=data, engine=engine: compare(program, data, engine))


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
