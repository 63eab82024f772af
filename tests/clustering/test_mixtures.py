"""Expectation-maximisation: every program against textbook EM, round by round, within 1e-12; the likelihood never falls."""

import sys

import numpy as np

import tap
from data import Data
from direct import squares
from rounds import rounds

ROUNDS = 30


def mixture(seed, n, d, k):
    """Points of k Gaussians of different sizes and shapes; the starts lie near their middles."""
    random = np.random.default_rng(seed)
    middles = 5 * random.standard_normal((k, d))
    shapes = np.eye(d) + 0.4 * random.standard_normal((k, d, d))
    share = random.uniform(1, 3, k)
    which = random.choice(k, n, p=share / share.sum())
    points = middles[which] + np.einsum("nij,nj->ni", shapes[which], random.standard_normal((n, d)))
    return Data(f"n={n} d={d} k={k}", middles + random.standard_normal((k, d)), points)


SETS = [mixture(1, 500, 8, 4), mixture(2, 300, 2, 5), mixture(3, 200, 3, 8), mixture(4, 80, 1, 2), mixture(5, 40, 2, 1)]


class Textbook:
    """EM as textbooks have it: log-sum-exp, and variances as mean squared distances from the new mean."""

    def __init__(self, data, shape, sigma=None, weights=True, hard=False):
        self.points, self.means = data.points, data.starts
        self.n, self.d, self.k = data.n, data.d, data.k
        self.shape, self.learns_weights, self.hard = shape, weights, hard
        self.covariances = np.array([np.eye(self.d) * (sigma or 1.0) ** 2] * self.k)
        self.weights = np.full(self.k, 1 / self.k)

    def log_densities(self):
        """(n, k): log of weight times density."""
        away = self.points[:, None] - self.means
        inner = np.einsum("nki,kij,nkj->nk", away, np.linalg.inv(self.covariances), away)
        log_det = np.linalg.slogdet(self.covariances)[1]
        with np.errstate(divide="ignore"):
            return np.log(self.weights) - (inner + log_det + self.d * np.log(2 * np.pi)) / 2

    def parts(self):
        joint = self.log_densities()
        if self.hard:
            return (joint.argmax(1)[:, None] == np.arange(self.k)).astype(float)
        top = joint.max(1, keepdims=True)
        return np.exp(joint - top) / np.exp(joint - top).sum(1, keepdims=True)

    def log_likelihood(self):
        joint = self.log_densities()
        top = joint.max(1)
        return (top + np.log(np.exp(joint - top[:, None]).sum(1))).sum()

    def step(self):
        parts = self.parts()
        size = parts.sum(0)
        there = size > 0
        sums = parts.T @ self.points
        self.means = np.where(there[:, None], sums / np.where(there, size, 1)[:, None], self.means)
        if self.learns_weights:
            self.weights = size / self.n
        away = self.points[:, None] - self.means
        full = np.einsum("nk,nki,nkj->kij", parts, away, away) / np.where(there, size, 1)[:, None, None]
        if self.shape == "full":
            self.covariances = full
        if self.shape == "diagonal":
            self.covariances = full * np.eye(self.d)
        if self.shape == "spherical":
            self.covariances = (np.trace(full, axis1=1, axis2=2) / self.d)[:, None, None] * np.eye(self.d)
        return parts


def covariances(found, data, deviation):
    """(k, d, d) out of what a program calls variance or covariance."""
    if "covariance" in found:
        return found["covariance"][:data.k].reshape(data.k, data.d, data.d)
    if "variance" not in found:
        return np.array([np.eye(data.d) * deviation ** 2] * data.k)
    variance = found["variance"][:data.k]
    return np.array([np.eye(data.d) * (v if np.ndim(v) else np.full(data.d, v)) for v in variance])


def compare(program, data, book, deviation=1.0, extra=None, **params):
    """The largest difference of means, variances, weights and parts at any round."""
    largest, before = 0, -np.inf
    inputs = {**data.inputs(), **(extra or {})}
    for r, found in enumerate(rounds(f"clustering/{program}", inputs, {"d": data.d, **params}, ROUNDS), 1):
        parts = book.step()
        shape = covariances(found, data, deviation)
        differences = [found["mean"][:data.k] - book.means, shape - book.covariances]
        if "weight" in found:
            differences.append(found["weight"][:data.k] - book.weights)
        if "y" in found:
            differences.append(found["y"][-data.n:] - parts)
        largest = max(largest, *(np.abs(difference).max() for difference in differences))
        assert largest <= 1e-12, f"round {r}: differs by {[np.abs(d).max() for d in differences]}"
        if not book.hard:
            book.means, kept = found["mean"][:data.k], book.means
            now = book.log_likelihood()
            book.means = kept
            assert now >= before - 1e-12 * abs(now), f"round {r}: the likelihood falls from {before} to {now}"
            before = now
    return largest


def differences(program, check, sets):
    def all_sets():
        return f"the largest difference is {max(check(data) for data in sets):.2g}"
    yield f"{program}: {len(sets)} sets of points, {ROUNDS} rounds, within 1e-12", all_sets


def test_each_em_means():
    for sigma in (1.0, 2.5):
        yield from differences(f"em_means, sigma {sigma}", lambda data, sigma=sigma: compare(
            "em_means", data, Textbook(data, "known", sigma, weights=False), sigma, k=data.k, sigma=sigma), SETS)


def test_each_em_weights():
    yield from differences("em_weights", lambda data: compare(
        "em_weights", data, Textbook(data, "known", 1.5), 1.5, k=data.k, sigma=1.5), SETS)


def test_each_em_shape():
    for shape in ("spherical", "diagonal", "full"):
        yield from differences(f"em_{shape}", lambda data, shape=shape: compare(
            f"em_{shape}", data, Textbook(data, shape), k=data.k), SETS)


def test_each_em_hard():
    yield from differences("em_hard", lambda data: compare(
        "em_hard", data, Textbook(data, "known", 1.5, hard=True), 1.5, k=data.k, sigma=1.5), SETS)


def test_each_em_softmax():
    """The sink stands between the centres and the points."""
    def check(data):
        tokens = np.arange(data.k + 1 + data.n)
        x = np.concatenate([data.starts, np.full((1, data.d), 7.0), data.points])
        extra = {"x": x, "is_centre": tokens < data.k, "is_sink": tokens == data.k}
        return compare("em_softmax", data, Textbook(data, "known", 2.0, weights=False), 2.0, extra=extra, sigma=2.0)
    yield from differences("em_softmax", check, SETS)


def test_soft_is_em():
    """soft k-means of gamma 1 / (2 sigma^2) is EM of the means"""
    data = SETS[1]
    params = {"d": data.d, "k": data.k}
    soft = rounds("clustering/soft", data.inputs(), {**params, "gamma": 1 / 8}, ROUNDS)
    em = rounds("clustering/em_means", data.inputs(), {**params, "sigma": 2.0}, ROUNDS)
    largest = max(np.abs(a["c"] - b["mean"]).max() for a, b in zip(soft, em))
    assert largest <= 1e-12, largest
    return f"the largest difference is {largest:.2g}"


def test_sink():
    """em_softmax finds the sum of exp from its sink where that is as good as 0 or 1 part of the row"""
    points = np.array([[0.0, 0.0], [0.5, 0.0], [3.0, 3.0], [9.0, 0.0], [9.0, 1.0]])
    data = Data("wide", [[0, 0], [9, 0]], points)
    for sigma in (0.5, 1.0, 5.0):
        joint = np.exp(-squares(points, data.starts) / (2 * sigma ** 2))
        part = joint / joint.sum(1, keepdims=True)
        want = part.T @ points / part.sum(0)[:, None]
        tokens = np.arange(data.k + 1 + data.n)
        inputs = {"x": np.concatenate([data.starts, np.zeros((1, 2)), points]), "is_centre": tokens < 2,
                  "is_sink": tokens == 2}
        got = rounds("clustering/em_softmax", inputs, {"sigma": sigma}, 1)[0]["mean"][:2]
        assert np.abs(got - want).max() <= 1e-13, (sigma, got, want)


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
