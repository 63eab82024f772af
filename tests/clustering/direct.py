"""k-means and its relatives, directly: an array of points, an array of centres, a loop.

Sums run from left to right, as in a program, so that what is exact there can be compared exactly here. An empty
cluster keeps its centre. Each function is one round: (points, centres) to (centres, whatever else is compared).
"""

import numpy as np


def added(values):
    """The sum over the first axis, from left to right (numpy's own adds in another order)."""
    return np.cumsum(values, axis=0)[-1]


def dots(a, b):
    """(n, k): dot products, component by component."""
    return added(np.array([np.outer(a[:, c], b[:, c]) for c in range(a.shape[1])]))


def squares(a, b):
    """(n, k): squared distances, component by component."""
    return added(np.array([np.subtract.outer(a[:, c], b[:, c]) ** 2 for c in range(a.shape[1])]))


def means(points, centres, owner, weight=None):
    moved = centres.copy()
    for j in range(len(centres)):
        own = points[owner == j]
        if weight is None and len(own):
            moved[j] = added(own) / len(own)
        if weight is not None and weight[owner == j].sum() != 0:
            own_weight = weight[owner == j]
            moved[j] = added(own_weight[:, None] * own) / added(own_weight)
    return moved


def weighted_means(points, centres, parts):
    """parts (n, k): how much of each point is in which mean."""
    moved = centres.copy()
    for j in range(len(centres)):
        size = added(parts[:, j])
        if size != 0:
            moved[j] = added(parts[:, j, None] * points) / size
    return moved


def softmax(scores):
    grown = np.exp(scores - scores.max(1, keepdims=True))
    return grown / grown.sum(1, keepdims=True)


# --- one round each ---------------------------------------------------------------------------------

def lloyd(points, centres):
    owner = squares(points, centres).argmin(1)
    return means(points, centres, owner), owner


def lloyd_by_dots(points, centres):
    owner = (2 * dots(points, centres) - np.diag(dots(centres, centres))).argmax(1)
    return means(points, centres, owner), owner


def lloyd_averaged(points, centres):
    """A point belongs to all nearest centres in equal parts; a centre takes the mean of those most its own."""
    away = squares(points, centres)
    parts = (away == away.min(1, keepdims=True)).astype(float)
    parts /= parts.sum(1, keepdims=True)
    return np.array([added(points[p == p.max()]) / (p == p.max()).sum() for p in parts.T]), parts


def lloyd_shared(points, centres):
    """The same, but a centre takes the mean weighted by the parts."""
    away = squares(points, centres)
    parts = (away == away.min(1, keepdims=True)).astype(float)
    parts /= parts.sum(1, keepdims=True)
    return weighted_means(points, centres, parts), parts


def weighted(weight):
    def step(points, centres):
        owner = squares(points, centres).argmin(1)
        return means(points, centres, owner, weight), owner
    return step


def soft(gamma):
    def step(points, centres):
        parts = softmax(-gamma * squares(points, centres))
        return weighted_means(points, centres, parts), parts
    return step


def directions(vectors):
    return vectors / np.sqrt(added(vectors.T ** 2))[:, None]


def spherical(points, centres):
    owner = dots(points, centres).argmax(1)
    return directions(means(points, centres, owner)), owner


def trimmed(tau):
    def step(points, centres):
        away = squares(points, centres)
        owner = np.where(away.min(1) > tau * tau, -1, away.argmin(1))
        return means(points, centres, owner), owner
    return step


def trimmed_by_dots(tau):
    """Beside the centres a sink, after them, that scores |p|^2 - tau^2."""
    def step(points, centres):
        scores = 2 * dots(points, centres) - np.diag(dots(centres, centres))
        sink = added(points.T ** 2) - tau * tau
        owner = np.where(sink > scores.max(1), -1, scores.argmax(1))
        return means(points, centres, owner), owner
    return step


def trimmed_quantile(part):
    def step(points, centres):
        away = squares(points, centres)
        owner, far = away.argmin(1), away.min(1)
        counts = np.zeros(len(points), bool)
        for j in range(len(centres)):
            own = np.flatnonzero(owner == j)
            for i in own:
                counts[i] = (far[own] < far[i]).sum() < part * len(own)
        return means(points, centres, np.where(counts, owner, -1)), np.where(counts, owner, owner - 100)
    return step


def sparsemax(scores):
    """The projection onto the simplex (Martins and Astudillo 2016, algorithm 1)."""
    scores = scores - scores.max()
    down = np.sort(scores)[::-1]
    above = np.cumsum(down) - 1
    size = np.flatnonzero(down * np.arange(1, len(down) + 1) > above)[-1]
    return np.maximum(scores - above[size] / (size + 1), 0)


def robust(gamma):
    def step(points, centres):
        away = squares(points, centres)
        owner = away.argmin(1)
        moved = centres.copy()
        for j in range(len(centres)):
            if (owner == j).any():
                moved[j] = added(sparsemax(-gamma * away[owner == j, j])[:, None] * points[owner == j])
        return moved, owner
    return step


def kmedoids(points, centres):
    owner = squares(points, centres).argmin(1)
    mean = means(points, centres, owner)
    moved = centres.copy()
    for j in range(len(centres)):
        own = points[owner == j]
        if len(own):
            moved[j] = own[squares(own, mean[j:j + 1])[:, 0].argmin()]
    return moved, owner


def kmedoids_random(noise, beta):
    state = [noise]

    def step(points, centres):
        state[0] = (state[0] + 0.6180339887498949) % 1
        away = squares(points, centres)
        owner = away.argmin(1)
        moved = centres.copy()
        for j in range(len(centres)):
            own = np.flatnonzero(owner == j)
            if len(own):
                moved[j] = points[own[(-beta * away[own, j] - np.log(-np.log(state[0][own]))).argmax()]]
        return moved, owner
    return step


def kmedians(points, centres):
    away = added(np.array([np.abs(np.subtract.outer(points[:, c], centres[:, c])) for c in range(points.shape[1])]))
    owner = away.argmin(1)
    moved = np.array([np.median(points[owner == j], 0) if (owner == j).any() else centre
                      for j, centre in enumerate(centres)])
    return moved, owner


def fuzzy(points, centres):
    away = squares(points, centres)
    with np.errstate(divide="ignore"):
        closeness = np.where((away == 0).any(1, keepdims=True), away == 0, 1 / away)
    parts = closeness / closeness.sum(1, keepdims=True)
    return weighted_means(points, centres, parts * parts), parts


def polynomial(vectors):
    """The features of the kernel (<u, v> + 1)^2, but for its constant."""
    columns = [2 ** 0.5 * column for column in vectors.T]
    for i in range(vectors.shape[1]):
        columns.append(vectors[:, i] * vectors[:, i])
        columns += [2 ** 0.5 * vectors[:, i] * vectors[:, j] for j in range(i)]
    return np.array(columns).T


def one_hot(owner, k):
    return (owner[:, None] == np.arange(k)).astype(float)
