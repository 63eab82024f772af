"""Certificates: real programs are certified, and what is certified computes in float32 what it does without rounding."""

import json
import os
import random
import sys

import numpy as np

import tap
from command import Refused, compiled, place, programs, raspc, written

DIGITS, LETTERS, BRACKETS = [0, 1, 2], list("abc"), list("(){}")


def vocabulary_of(path):
    if "/brackets/" in path:
        return BRACKETS
    numbers = "/arithmetic/" in path or os.path.basename(path) in (
        "rank.rasp", "is_sorted.rasp", "argmax.rasp", "median.rasp", "variance.rasp", "mod_three.rasp",
        "inverse_permutation.rasp", "running_mean.rasp", "moving_average.rasp", "running_max.rasp")
    return DIGITS if numbers else LETTERS


def certified(path):
    said = raspc("certify", "--json", path)
    assert said.returncode in (0, 3), said.stderr
    return json.loads(said.stdout)


def test_each_program():
    """every program of programs/ that compiles, at three lengths"""
    for path in programs():
        yield f"certified: {path}", lambda path=path: certify_lengths(path)


def certify_lengths(path):
    for length in (3, 8, 32):
        try:
            model = compiled(path, "certified.npz", vocabulary_of(path), length)
        except Refused:
            continue
        found = certified(model)
        assert found["certified"], (length, found["not_proven"])


def softmax(scores):
    below = scores - scores.max(-1, keepdims=True)
    weights = np.where(below > -104, np.exp(below), 0).astype(scores.dtype)
    return weights / weights.sum(-1, keepdims=True)


def logits(arrays, config, ids, kind):
    """As docs/exports.md computes them, in float32 or float64."""
    arrays = {name: array.astype(kind) for name, array in arrays.items()}
    row = np.arange(len(ids))
    distance = row[None, :] - row[:, None]
    stream = arrays["w_e"][ids] + arrays["w_p"][row]
    for l, layer in enumerate(config["layers"]):
        update = kind(0)
        for h, head in enumerate(layer["heads"]):
            q, k, v, o = (arrays[f"layers.{l}.heads.{h}.w_{part}"] for part in "qkvo")
            low, high = (limit if limit is not None else default
                         for limit, default in zip(head["mask"], (-np.inf, np.inf)))
            seen = (distance >= low) & (distance <= high)
            seen[0, :] = seen[:, 0] = True
            scores = np.where(seen, (stream @ q) @ (stream @ k).T, kind(-np.inf))
            update = update + softmax(scores) @ (stream @ v) @ o
        stream = stream + update
        if layer["units"]:
            w_in, b_in, w_out, b_out = (arrays[f"layers.{l}.feed_forward.{name}"]
                                        for name in ("w_in", "b_in", "w_out", "b_out"))
            stream = stream + np.maximum(stream @ w_in + b_in, 0) @ w_out + b_out
    assert stream.dtype == kind
    return (stream @ arrays["w_u"] + arrays["b_u"])[1:]


NUDGED = {
    "count": "same = select(tokens, tokens, ==); x = selector_width(same);",
    "reverse": "x = aggregate(select(indices, length - 1 - indices, ==), tokens);",
    "later": "n = selector_width(select(tokens, tokens, <)); x = aggregate(select(indices, n, ==), indices, 9) + n;",
    "table": "n = selector_width(select(tokens, tokens, ==)); x = n > 1 and indices < n;",
}
ONLY_HASH = "all of the above"


def test_each_nudged():
    """weights changed at random: what is still proven gives the logits of exact arithmetic"""
    for name, text in NUDGED.items():
        yield f"changed weights: {name}", lambda text=text: change_weights(text)


def change_weights(text):
    length, generator = 4, random.Random(text)
    model = compiled(written(text), "whole.npz", LETTERS, length)
    arrays = dict(np.load(model))
    config = json.loads(bytes(arrays["config"]))
    inputs = [[0] + [generator.randrange(1, 4) for _ in range(n)] for n in range(1, length + 1) for _ in range(12)]
    names = sorted(name for name in arrays if arrays[name].dtype == np.float32 and arrays[name].size)
    arrays = {name: arrays[name] for name in names + ["config", "certificate"]}
    proven = caught = 0
    for turn in range(240):
        name = names[turn % len(names)]
        changed = arrays[name].copy()
        at = generator.randrange(changed.size)
        changed.flat[at] += np.float32(generator.choice([0.01, -0.01, 1, -1, 0.5, 300]))
        other = {**arrays, name: changed}
        np.savez(place("changed.npz"), **other)
        found = certified(place("changed.npz"))
        assert not found["certified"]  # the hash says that it is another's
        if not found["not_proven"].startswith(ONLY_HASH):
            caught += 1
            continue
        proven += 1
        numbers = {name: other[name] for name in names}
        for ids in inputs:
            rounded, exact = (logits(numbers, config, ids, kind) for kind in (np.float32, np.float64))
            assert (rounded == exact).all(), (name, at, ids, rounded, exact)
    assert caught > 100 and proven > 0, (caught, proven)


tap.run(sys.modules[__name__])
