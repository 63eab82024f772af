"""The simulator of an attention head against a plain computation, on HEADS random heads; published traces."""

import math
import os
import random
import sys

import tap
from rounds import run

HEADS = int(os.environ.get("HEADS", "60"))
PROGRAM = "programs/simulator/attention.rasp"


def product(a, b):
    return [[left_to_right(x * y for x, y in zip(row, column)) for column in zip(*b)] for row in a]


def left_to_right(numbers):
    total = 0.0
    for number in numbers:
        total += number
    return total


def transposed(m):
    return [list(row) for row in zip(*m)]


def softmax(row):
    """With the greatest subtracted, as everybody does it."""
    grown = [math.exp(number - max(row)) for number in row]
    return [number / left_to_right(grown) for number in grown]


def head(x, w_q, w_k, w_v, scaled):
    """The result, and its scale: the greatest of the values that it mixes."""
    logits = product(product(x, w_q), transposed(product(x, w_k)))
    if scaled:
        logits = [[number / math.sqrt(len(w_q)) for number in row] for row in logits]
    values = product(x, w_v)
    scale = max(abs(number) for row in values for number in row)
    return product([softmax(row) for row in logits], values), scale


def simulated(x, *weights, scaled=False):
    n, d = len(x), len(x[0])
    numbers = [number for matrix in (x, *weights) for row in matrix for number in row]
    numbers += [0.0] * (n * n - len(numbers))
    got = run(PROGRAM, {"v": numbers}, {"n": n, "d": d, "scaled": scaled})["y"].tolist()
    assert not any(got[n * d:]), got
    return [got[i * d:(i + 1) * d] for i in range(n)]


def matrix(chance, rows, columns, size=1.0):
    return [[chance.gauss(0, size) for _ in range(columns)] for _ in range(rows)]


def test_random_heads():
    """simulator: random heads, n and d up to 6, within 1e-15 times the scale"""
    chance = random.Random(1)
    worst = 0
    for number in range(HEADS):
        n, d, scaled = chance.randint(1, 6), chance.randint(1, 6), chance.random() < 0.5
        x = matrix(chance, n, d)
        weights = [matrix(chance, d, d, 1 / math.sqrt(d)) for _ in range(3)]
        want, scale = head(x, *weights, scaled)
        got = simulated(x, *weights, scaled=scaled)
        error = max(abs(a - b) for one, other in zip(got, want) for a, b in zip(one, other))
        worst = max(worst, error / scale)
        assert error <= 1e-15 * scale, (number, n, d, error, scale)
    return f"{HEADS} heads, the largest error is {worst:.2g} times the scale"


def unit(n):
    return [[float(i == j) for j in range(n)] for i in range(n)]


def test_softmax_trace():
    """simulator: the published softmax by rows"""
    got = simulated(unit(3), [[-12, 2, 3], [5, 20, -60], [74, -63, 12]], unit(3), unit(3))
    want = [[0, .268941, .731059], [0, 1, 0], [1, 0, 0]]
    # Their last digit is off by one: exp(-12) is not nothing beside exp(3).
    assert all(abs(a - b) <= 1e-6 for one, other in zip(got, want) for a, b in zip(one, other)), got


def test_products():
    """simulator: two equal tokens and none else give their values, whatever the weights"""
    chance = random.Random(2)
    token, weights = matrix(chance, 1, 4), [matrix(chance, 4, 4) for _ in range(3)]
    values = product(token, weights[2])[0]
    got = simulated(token * 2, *weights)
    assert all(abs(a - b) <= 1e-15 * max(map(abs, values)) for row in got for a, b in zip(row, values)), got


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
