"""Hardmax dynamics and their leaders, against a direct implementation; the golden trajectory; what the theorem says."""

import sys

import numpy as np

import tap
from direct import added
from rounds import rounds

GOLDEN = np.array([[1, 1 / 3], [-1 / 12, 1 / 12], [-1, -1], [0, 1 / 4], [-.3, -.7], [-.6, -.9], [.8, .1], [.6, .15]])


def times(matrix, vectors):
    """(n, d): a matrix times each vector, sums from left to right."""
    return added(np.array([np.outer(vectors[:, c], matrix[:, c]) for c in range(matrix.shape[1])]))


def step(z, a, v, alpha):
    """One layer: the tokens, whom each attended to (n, n), and the first of those."""
    query = times(a, z)
    scores = added(np.array([np.outer(query[:, c], z[:, c]) for c in range(z.shape[1])]))
    near = scores == scores.max(1, keepdims=True)
    mean = np.array([added(z[row]) / row.sum() for row in near])
    return (z + alpha * times(v, mean)) / (1 + alpha), near, near.argmax(1)


def system(seed, n, d):
    """Tokens, and a symmetric positive definite A."""
    random = np.random.default_rng(seed)
    root = random.standard_normal((d, d))
    return random.uniform(-1, 1, (n, d)), root @ root.T + 0.1 * np.eye(d), float(random.uniform(0.1, 2))


SYSTEMS = [(1, 200, 2), (2, 60, 3), (3, 100, 8), (4, 30, 1), (5, 1, 2)]


def check_dynamics(x, a, v, alpha, count=30):
    found = rounds("clustering/hardmax_dynamics", {"x": x}, {"d": x.shape[1], "A": a.tolist(), "V": v.tolist(),
                                                             "alpha": alpha}, count)
    z = x
    for r, got in enumerate(found, 1):
        z, _, _ = step(z, a, v, alpha)
        assert np.array_equal(got["z"], z), f"round {r}: differs by {np.abs(got['z'] - z).max()}"


def test_each_system():
    for seed, n, d in SYSTEMS:
        x, a, alpha = system(seed, n, d)
        v = np.random.default_rng(seed).standard_normal((d, d)) / 2
        yield f"hardmax_dynamics: n={n} d={d}", lambda x=x, a=a, d=d, alpha=alpha: check_dynamics(x, a, np.eye(d), alpha)
        yield f"hardmax_dynamics: n={n} d={d}, with a value matrix", (
            lambda x=x, a=a, v=v, alpha=alpha: check_dynamics(x, a, v, alpha))


def test_each_tie():
    """tokens on a grid: several are as high"""
    for seed in (1, 2, 3):
        x = np.random.default_rng(seed).integers(-2, 3, (40, 2)).astype(float)
        yield f"hardmax_dynamics: ties, {seed}", lambda x=x: check_dynamics(x, np.eye(2), np.eye(2), 0.5)
        yield f"leaders: ties, {seed}", lambda x=x: check_leaders(x, np.eye(2), 0.5)


def check_leaders(x, a, alpha, count=30):
    """As defined, round by round; and the theorem: a leader leads on and never moves."""
    z, led, places = x, np.zeros(len(x), bool), {}
    params = {"d": x.shape[1], "A": a.tolist(), "alpha": alpha}
    for r, got in enumerate(rounds("clustering/leaders", {"x": x}, params, count), 1):
        z, near, first = step(z, a, np.eye(x.shape[1]), alpha)
        alone = near[np.arange(len(x)), np.arange(len(x))] & (near.sum(1) == 1)
        assert not (led & ~alone).any(), f"round {r}: a leader follows"
        led = led | alone
        assert np.array_equal(got["leads"], led), f"round {r}: leaders"
        assert np.array_equal(got["follows"], first), f"round {r}: who follows whom"
        for i in np.flatnonzero(led):
            place = places.setdefault(i, got["z"][i])
            assert np.abs(got["z"][i] - place).max() <= 1e-14, f"round {r}: leader {i} moves"


def test_each_leaders():
    for seed, n, d in SYSTEMS:
        x, a, alpha = system(seed, n, d)
        yield f"leaders: n={n} d={d}", lambda x=x, a=a, alpha=alpha: check_leaders(x, a, alpha)


def test_golden():
    """leaders: golden, {0, 2} in the first layer, {0, 1, 2} from the second on; token 1 ends at (-1/18, 5/36)"""
    found = rounds("clustering/leaders", {"x": GOLDEN}, {}, 60)
    led = [np.flatnonzero(got["leads"]).tolist() for got in found]
    assert led[0] == [0, 2] and all(now == [0, 1, 2] for now in led[1:]), led
    end = found[-1]["z"]
    assert np.abs(end[1] - [-0.055556, 0.138889]).max() < 5e-7, end[1]
    assert np.array_equal(end[[0, 2]], GOLDEN[[0, 2]]), end
    others = np.delete(end, 1, 0)
    assert np.abs(others - GOLDEN[found[-1]["follows"]][[0, 2, 3, 4, 5, 6, 7]]).max() < 1e-9, end


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
