"""The twelve failures of tests/peers in ONNX Runtime: inputs of all lengths in one padded batch, each at every length that
its program names; PAD and attention_mask; and a causal mask that changes no meaning."""

import glob
import json
import os
import random
import re
import shlex
import sys

import numpy as np
import onnx

import tap
from command import Refused, compiled, evaluated, place, raspc, same
from test_onnx import session, values


def failures():
    """(program, vocabulary, length) of every failure at each of its lengths."""
    for program in sorted(glob.glob("tests/peers/*.rasp")):
        with open(program, encoding="utf-8") as file:
            model, lengths = file.readline(), file.readline()
        words = shlex.split(model.removeprefix("# model: "))
        vocabulary = json.loads(words[words.index("--vocab") + 1])
        for length in re.findall(r"\d+", lengths):
            yield program, vocabulary, int(length)


def inputs_of(vocabulary, length):
    """Of length 1, of the greatest and of some between; all the same token, and random ones."""
    choice = random.Random(length)
    lengths = sorted({1, 2, length // 2, length - 1, length})
    some = [[choice.choice(vocabulary) for _ in range(n)] for n in lengths for _ in range(2 if length < 1000 else 1)]
    return some + [[vocabulary[0]] * length]


def listed(program, length):
    """Is it on the list of what is refused for want of bits in float32?"""
    name = os.path.basename(program).removesuffix(".rasp")
    with open("tests/peers/refused.txt", encoding="utf-8") as file:
        return any(line.startswith(f"interp {name}@{length} ") for line in file)


def rows_of(vocabulary, inputs):
    """Token numbers, BOS in front, padded to the longest."""
    width = 1 + max(map(len, inputs))
    rows = [[0] + [1 + vocabulary.index(token) for token in tokens] for tokens in inputs]
    return [row + [len(vocabulary) + 1] * (width - len(row)) for row in rows]


def check(program, vocabulary, length):
    try:
        path = compiled(program, "peer.onnx", vocabulary, length)
    except Refused as refusal:
        assert listed(program, length), refusal
        return
    assert not listed(program, length), "it is on the list of what is refused"
    inputs = inputs_of(vocabulary, length)
    model, run = onnx.load(path), session(path)
    for tokens, got, want in zip(inputs, values(model, run, rows_of(vocabulary, inputs)), evaluated(program, inputs)):
        assert same(got, want), (len(tokens), got, want)


def test_each_failure():
    for program, vocabulary, length in failures():
        name = os.path.basename(program).removesuffix(".rasp")
        yield f"{name}@{length}: ONNX Runtime equals eval in a padded batch", (
            lambda program=program, vocabulary=vocabulary, length=length: check(program, vocabulary, length))


def check_mask(program, vocabulary, length):
    """What attention_mask hides counts no more than PAD, whatever token is there."""
    run = session(compiled(program, "peer.onnx", vocabulary, length))
    inputs = inputs_of(vocabulary, length)
    padded = np.array(rows_of(vocabulary, inputs))
    mask = (padded != len(vocabulary) + 1).astype(np.int64)
    hidden = np.where(mask == 1, padded, 1)
    by_pad, by_mask = (run.run(["logits"], feeds)[0] for feeds in (
        {"input_ids": padded}, {"input_ids": hidden, "attention_mask": mask}))
    assert (by_pad[mask == 1] == by_mask[mask == 1]).all()


def test_each_padding():
    for program, vocabulary, length in failures():
        name = os.path.basename(program).removesuffix(".rasp")
        if name.startswith("05") or name.startswith("01"):
            yield f"{name}@{length}: attention_mask hides what PAD hides", (
                lambda program=program, vocabulary=vocabulary, length=length: check_mask(program, vocabulary, length))


def check_causal(program, vocabulary, length):
    """Refused at the selector that looks ahead, or the same meaning."""
    more = ("--vocab", json.dumps(vocabulary), "--max-len", str(length))
    said = raspc("report", program, "--json", *more)
    allowed = json.loads(said.stdout.splitlines()[-1])["model"]["causal"]
    name = os.path.basename(program)
    tap.equal(allowed, name[:2] in ("02", "04", "07", "10", "11"))
    if not allowed:
        said = raspc("compile", program, "-o", place("peer.onnx"), "--causal", *more)
        assert said.returncode == 1 and "error[E0705]" in said.stderr, said.stderr
        return
    inputs = inputs_of(vocabulary, length)
    path = compiled(program, "peer.onnx", vocabulary, length, "--causal")
    got = values(onnx.load(path), session(path), rows_of(vocabulary, inputs))
    for one, want in zip(got, evaluated(program, inputs)):
        assert same(one, want), (one, want)


def test_each_causal():
    for program, vocabulary, length in failures():
        name = os.path.basename(program).removesuffix(".rasp")
        if not listed(program, length):
            yield f"{name}@{length}: --causal refuses what looks ahead, and changes no other meaning", (
                lambda program=program, vocabulary=vocabulary, length=length: check_causal(program, vocabulary, length))


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
