"""Points and starts from a seed: random ones, grids with ties and duplicates, centres that nobody is near to."""

import numpy as np


class Data:
    """Centres are the first k tokens, points the n after them."""

    def __init__(self, name, starts, points):
        self.name = name
        self.starts = np.array(starts, float)
        self.points = np.array(points, float)
        self.k, self.d = self.starts.shape
        self.n = len(self.points)

    def inputs(self):
        is_centre = np.arange(self.k + self.n) < self.k
        return {"x": np.concatenate([self.starts, self.points]), "is_centre": is_centre}


def blobs(seed, n, d, k, spread=1.0):
    random = np.random.default_rng(seed)
    middles = random.uniform(-4, 4, (k, d))
    points = middles[random.integers(k, size=n)] + spread * random.standard_normal((n, d))
    starts = points[random.choice(n, k, replace=False)] + 0.01 * random.standard_normal((k, d))
    return Data(f"n={n} d={d} k={k}", starts, points)


def uniform(seed, n, d, k):
    random = np.random.default_rng(seed)
    return Data(f"uniform n={n} d={d} k={k}", random.uniform(0, 1, (k, d)), random.uniform(0, 1, (n, d)))


def grid(seed, n, d, k, side=4):
    """Small integers: many points are equal, and many as near to one centre as to another."""
    random = np.random.default_rng(seed)
    return Data(f"grid n={n} d={d} k={k}", random.integers(side, size=(k, d)), random.integers(side, size=(n, d)))


def lonely(seed, n, d, k):
    """The last centre is far from all points, the one before it stands where the first does."""
    data = uniform(seed, n, d, k)
    data.starts[-1] += 1000
    data.starts[-2] = data.starts[0]
    data.name = "empty clusters, " + data.name
    return data


def general():
    """What every variant is tried on."""
    return [blobs(1, 500, 8, 8), blobs(2, 200, 2, 5), uniform(3, 60, 3, 4), uniform(4, 40, 1, 3), blobs(5, 1, 2, 1)]


def awkward():
    return [grid(11, 80, 2, 6), grid(12, 120, 3, 5, side=3), lonely(13, 50, 2, 4), grid(14, 3, 2, 5)]


GOLDEN = Data("golden", [[0, 0], [1, 0], [9, 0]],
              [[0, 0], [1, 0], [0, 2], [5, 5], [6, 5], [5, 7], [9, 0], [8, 1], [20, 20]])
