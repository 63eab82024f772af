"""Causal models: what they give for a prefix does not depend on what follows, in every runtime, and where a program
needs what comes later it is refused."""

import json
import os
import re
import sys

import numpy as np
import onnx
import onnxruntime

import tap
from command import (Refused, checked, compiled, evaluated, place, programs, random_programs, raspc, same,
                     written)
from test_onnx import options, properties, values
from test_weights import logits_of

OCCURRENCE = "x = selector_width(select(tokens, tokens, ==) and select(indices, indices, <=));"
PREVIOUS = 'x = aggregate(select(indices, indices - 1, ==), tokens, "a");'
REVERSE = "x = aggregate(select(indices, length - 1 - indices, ==), tokens);"


def report(program, example):
    said = raspc("report", program, "--json", "--vocab", json.dumps(example.vocabulary), "--max-len",
                 str(example.length))
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout.splitlines()[-1])


def check_prefixes(run, example):
    """Logits of every prefix, bit for bit."""
    for tokens in example.inputs:
        numbers = example.numbers(tokens)
        (whole,) = run.run(["logits"], {"input_ids": np.array([numbers])})
        for length in range(1, len(numbers)):
            (part,) = run.run(["logits"], {"input_ids": np.array([numbers[:length]])})
            assert (part[0] == whole[0, :length]).all(), (tokens, length)


def check_arrays(path, example):
    """The same of the arrays alone, in numpy."""
    arrays = np.load(path)
    config = json.loads(bytes(arrays["config"]))
    assert config["causal"] is True
    for layer in config["layers"]:
        assert all(head["mask"][1] is not None and head["mask"][1] <= 0 for head in layer["heads"]), layer
    for tokens in example.inputs[:4]:
        numbers = example.numbers(tokens)
        whole = logits_of(arrays, config, numbers)
        for length in range(1, len(numbers)):
            assert np.allclose(logits_of(arrays, config, numbers[:length]), whole[:length], atol=1e-6), tokens


def check_example(example):
    program = example.program
    found = report(program, example)
    if found["model"] is None or not found["model"]["causal"]:
        looking.append(program)
        try:
            compiled(program, "causal.onnx", example.vocabulary, example.length, "--causal")
        except Refused as refusal:
            assert re.search(r"error\[E0(4|7)\d\d\]", str(refusal)), refusal
            return
        assert False, "report says that it is not causal, and compile makes it so"
    causal.append(program)
    path = compiled(program, "causal.onnx", example.vocabulary, example.length, "--causal")
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    tap.equal(properties(model)["causal"], "true")
    run = onnxruntime.InferenceSession(path, options)
    wanted = example.wanted()
    for tokens, got, want in zip(example.inputs, values(model, run, example.batch()), wanted):
        assert want is None and got is None or same(got or [], want or [], example.kinds), (tokens, got, want)
    check_prefixes(run, example)
    check_arrays(compiled(program, "causal.npz", example.vocabulary, example.length, "--causal"), example)
    said = raspc("certify", place("causal.npz"))
    assert said.returncode == 0 and "masks: no key after the query: ok\n" in said.stdout, said.stdout


causal, looking = [], []


def test_each_program():
    for program in programs():
        yield f"{program}: causal in ONNX Runtime and numpy, or refused", lambda program=program: check_example(
            checked(program, 8))


def test_each_random_program():
    for name, example in random_programs(60):
        yield f"{name}: causal in ONNX Runtime and numpy, or refused", lambda example=example: check_example(example)


def test_some_of_each():
    """both kinds are among the programs"""
    assert len(causal) > 9 and len(looking) > 9, (len(causal), len(looking))


def test_definition():
    """of a causal program eval itself gives the same for every prefix"""
    for program in causal:
        if not os.path.exists(program) or program.startswith(place("")):
            continue  # a random one, overwritten or gone
        inputs = checked(program, 4).inputs
        for tokens, whole in zip(inputs, evaluated(program, inputs)):
            parts = [tokens[:length] for length in range(1, len(tokens) + 1)]
            for part in evaluated(program, parts):
                assert whole is None or part is not None and same(part, whole[: len(part)]), (program, tokens)


def test_engines():
    """interp and jit: a causal model's values for a prefix are those of the whole"""
    program = written(OCCURRENCE)
    parts = [list("abacab"[:length]) for length in range(1, 7)]
    more = ("--causal", "--vocab", "abc", "--max-len", "8")
    for engine in ("interp", "jit"):
        for part in evaluated(program, parts, engine, more):
            tap.equal(part, [1, 1, 2, 1, 3, 2][: len(part)])


def test_masks():
    """ONNX: no row sees a later one, BOS included; and no row is masked whole"""
    path = compiled(written(OCCURRENCE + "y = aggregate(select(indices, indices, <), x);"), "masks.onnx", list("abc"), 6,
                    "--causal")
    model = onnx.load(path)
    masks = sorted({node.input[0] for node in model.graph.node if node.output[0].endswith("/masked_score")})
    assert len(masks) == 2, masks
    for mask in masks:
        model.graph.output.append(onnx.helper.make_tensor_value_info(mask, onnx.TensorProto.BOOL, None))
    run = onnxruntime.InferenceSession(model.SerializeToString(), options)
    for mask in run.run(masks, {"input_ids": np.array([[0, 1, 2, 3, 1]])}):
        full = np.broadcast_to(mask, (1, 5, 5))[0]
        assert not np.triu(full, 1).any() and full[:, 0].all(), full


def refused(text, *more):
    said = raspc("compile", written(text), "-o", place("never.onnx"), "--vocab", "ab", "--max-len", "4", "--causal", *more)
    tap.equal(said.returncode, 1)
    return said.stderr


def test_refusal():
    """a program that looks ahead is refused at the selector, with an example"""
    text = refused("same = select(tokens, tokens, ==);\nx = selector_width(same);")
    assert re.search(r"program\.rasp:1:8: error\[E0705\]: 'same' looks ahead: position 0 selects position 1 where they "
                     r'hold "a" and "a"', text), text
    assert "and select(indices, indices, <=)" in text, text
    assert not os.path.exists(place("never.onnx"))


def test_refusal_of_length():
    """`length` looks ahead, and the message is where it is used"""
    text = refused(REVERSE)
    assert re.search(r"program\.rasp:1:\d+: error\[E0705\]: 'full_s' looks ahead: position 0 selects position 1\n", text), text
    assert "`indices + 1`" in text, text


def directory(text):
    path = compiled(written(text), "causal", list("abc"), 6, "--causal")
    with open(os.path.join(path, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    with open(os.path.join(path, "README.md"), encoding="utf-8") as file:
        return config, file.read()


def test_directory():
    """Hugging Face: config and model card say that it is a causal language model"""
    config, card = directory(PREVIOUS)
    tap.equal([config["architectures"], config["is_decoder"], config["raspc"]["causal"]], [["RaspcForCausalLM"], True, True])
    tap.equal(config["auto_map"]["AutoModelForCausalLM"], "modeling_raspc.RaspcForCausalLM")
    assert "pipeline_tag: text-generation\n" in card and "The model is causal" in card and "`generate`" in card, card
    config, card = directory(OCCURRENCE)
    assert "pipeline_tag: token-classification\n" in card and "nothing to generate" in card, card


def test_not_asked_for():
    """without --causal nothing says so, whatever the masks are"""
    path = compiled(written(OCCURRENCE), "plain", list("abc"), 6)
    with open(os.path.join(path, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    tap.equal([config["architectures"], config["is_decoder"], config["raspc"]["causal"]],
              [["RaspcForTokenClassification"], False, False])
    assert "AutoModelForCausalLM" not in config["auto_map"]


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
