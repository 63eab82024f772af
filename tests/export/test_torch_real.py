"""The directory of a program over real vectors in PyTorch and transformers, against eval."""

import glob
import json
import os
import subprocess
import sys

import numpy as np
import torch
from safetensors.torch import load_file

import rounding
import tap
from command import place, raspc, written
from test_real import (FLOAT, LENGTH, LLOYD, OF_RELUS, RELUS, SCALARS, SEEDS, VECTORS, WORDS, WORDS_COLUMNS, check_close,
                       check_relus, compiled, data, difference, evaluated, given, operands, outputs_of)

torch.set_num_threads(1)


def module(path):
    """modeling_raspc_real.py of that directory, as a user imports it."""
    sys.path.insert(0, path)
    sys.modules.pop("modeling_raspc_real", None)
    try:
        import modeling_raspc_real
    finally:
        sys.path.remove(path)
    return modeling_raspc_real


def loaded(program, *options):
    path = compiled(program, *options, name="real")
    return module(path).RaspcRealModel.from_pretrained(path)


def of(text, *options):
    return loaded(written(text), "--dtype", "f64", *options)


def tensors(model, columns):
    return {name: model.tensor(name, values) for name, values in columns.items()}


def arrays(outputs):
    return {name: value.numpy() for name, value in outputs.items()}


@torch.no_grad()
def give(model, columns):
    return arrays(model(tensors(model, columns)))


# --- every program --------------------------------------------------------------------------------


# What PyTorch and the library of C compute with last digits of their own.
INEXACT = {"exp", "log", "sin", "cos", "tanh", "pow"}


def is_inexact(config):
    heads = [head["normaliser"] for layer in config["layers"] for head in layer["heads"]]
    units = [unit["op"] for layer in config["layers"] for unit in layer["units"]]
    return "softmax" in heads or INEXACT & {*units}


def interpreted(program, columns, *options):
    """What the weights give in raspc's own engine."""
    said = raspc("run", program, "--engine", "interp", "--json", *given(columns), "--max-len", str(LENGTH), *options)
    assert said.returncode == 0, said.stderr
    return {name: np.array(result["values"]) for name, result in json.loads(said.stdout)["results"].items()}


def check_program(program, dtype):
    params = ("--param", "rounds=10")
    model = loaded(program, "--dtype", dtype, "--max-len", str(LENGTH), *params)
    tap.equal(model.w_e.dtype, getattr(torch, f"float{dtype[1:]}"))
    said = check_close(program, dtype, params, lambda columns: give(model, columns))
    inputs = [data(program, LENGTH, seed) for seed in SEEDS]
    check_batch(model, inputs)
    check_blocks(model, inputs[0])
    if is_inexact(model.raspc):
        return said
    for columns in inputs:
        same(give(model, columns), interpreted(program, columns, "--dtype", dtype, *params))
    return said + "; interp's bit for bit"


def same(one, other):
    """Number for number."""
    for name, values in one.items():
        assert (values == other[name]).all(), f"{name}: {values.tolist()} is not {other[name].tolist()}"


def check_batch(model, inputs):
    """Shorter and shorter inputs, filled up with numbers, in one batch: each gives what it gives alone."""
    lengths = [LENGTH - i for i in range(len(inputs))]
    rows = [tensors(model, columns) for columns in inputs]
    batch = {name: torch.stack([row[name] for row in rows]) for name in rows[0]}
    present = torch.arange(LENGTH) < torch.tensor(lengths)[:, None]
    together = arrays(model(batch, present))
    for i, (row, length) in enumerate(zip(rows, lengths)):
        alone = arrays(model({name: values[:length] for name, values in row.items()}))
        same({name: values[i, :length] for name, values in together.items()}, alone)


def check_blocks(model, columns):
    """Seven queries at a time: each attends to what it attends to among all."""
    together, code = give(model, columns), sys.modules[type(model).__module__]
    scores, code.SCORES = code.SCORES, 7 * LENGTH
    same(give(model, columns), together)
    code.SCORES = scores


def test_each_program():
    for program in sorted(glob.glob("programs/clustering/*.rasp")):
        for dtype in FLOAT:
            if (os.path.basename(program), dtype) != ("kmedians.rasp", "f32"):
                yield (f"{os.path.basename(program)}: PyTorch in {dtype} equals eval, and a padded batch what is in it",
                       lambda program=program, dtype=dtype: check_program(program, dtype))


def test_simulator():
    """the simulator of attention heads"""
    program, options = "programs/simulator/attention.rasp", ("--dtype", "f64", "--max-len", "40")
    columns = {"v": np.concatenate([np.random.default_rng(5).normal(size=36), np.zeros(4)]).tolist()}
    (condition,) = rounding.conditions(compiled(program, *options), 40, [columns], outputs_of)
    got = give(loaded(program, *options), columns)
    for name, right in evaluated(program, columns).items():
        off, bound = np.abs(got[name] - right).max(), rounding.bound(condition[name], "f64")
        assert off <= bound <= 1e-9, (off, bound)


# --- meaning --------------------------------------------------------------------------------------


def check_operation(operation):
    text = f"input a: float; input b: float; input v: vec[3]; input u: vec[3]; z = {operation}; output z;"
    got = give(of(text), operands())
    worst = difference(got, evaluated(written(text), operands()))
    assert worst <= 1e-14, worst


def test_each_operation():
    for operation in SCALARS + VECTORS:
        yield f"PyTorch: operation {operation}", lambda operation=operation: check_operation(operation)


def test_relus():
    """of ReLUs alone the module has no other units that compute, and is as near to eval as report says"""
    model = of(RELUS, *OF_RELUS)
    tap.equal({unit["op"] for layer in model.raspc["layers"] for unit in layer["units"]}, {"relus", "erase"})
    check_relus(lambda columns: give(model, columns))


UNTIL = "input a: float; z = a; n = 0 * a; repeat 9 until (z > 4) { z = 2 * z; n = n + 1; } output z, n;"
NESTED = ("input a: float; z = a; n = 0 * a; "
          "repeat 3 { repeat 4 until (z > 10) { z = z * 2; n = n + 1; } z = z - 9; } output z, n;")


def test_until():
    """a loop ends where its condition holds; in a batch each input's ends by itself"""
    model = of(UNTIL)
    for column, rounds in (([1.0, 3.0], 3), ([5.0], 1), ([0.0, 9.0], 9)):
        tap.equal(model.run({"a": column})["n"], [rounds] * len(column))
    got = model({"a": torch.tensor([[1.0, 3.0], [5.0, 6.0], [0.0, 9.0]])})
    tap.equal(got["n"].tolist(), [[3.0, 3.0], [1.0, 1.0], [9.0, 9.0]])
    tap.equal(got["z"].tolist(), [[8.0, 24.0], [10.0, 12.0], [0.0, 9.0 * 2**9]])


def test_nested():
    """loops within loops, alone and in a batch"""
    model = of(NESTED)
    columns = [[0.5, 20.0, 3.0], [1.0, 7.0, 2.0], [9.0, 9.0, 9.0]]
    together = arrays(model({"a": torch.tensor(columns)}))
    for i, column in enumerate(columns):
        wanted = evaluated(written(NESTED), {"a": column})
        tap.equal(difference(give(model, {"a": column}), wanted), 0.0)
        tap.equal(difference({name: value[i] for name, value in together.items()}, wanted), 0.0)


def test_ties():
    """hardmax averages tied keys, hardmax_first takes the first"""
    text = ("input a: float; s = score(indicator(a > 0), 1, *); b = aggregate(hardmax(s), a); "
            "c = aggregate(hardmax_first(s), a); output b, c;")
    tap.equal(of(text).run({"a": [-1.0, 2.0, 5.0, -7.0]}), {"b": [3.5] * 4, "c": [2.0] * 4})


def test_copies():
    """copies of a row tie, whatever its numbers, and wherever they stand"""
    text = ("input x: vec[7]; s = -distance(x, x); n = selector_width(select(indices, indices, ==)); "
            "first = aggregate(hardmax_first(s), indices); mean = aggregate(hardmax(s), indices); output first, mean;")
    draw = np.random.default_rng(2)
    rows, place_of = draw.normal(size=(11, 7)), draw.integers(0, 11, 97)
    columns = {"x": rows[place_of].tolist()}
    for dtype in FLOAT:
        got = give(loaded(written(text), "--dtype", dtype, "--max-len", "100"), columns)
        places = [np.flatnonzero(place_of == p) for p in place_of]
        tap.equal(got["first"].tolist(), [int(p[0]) for p in places])
        means = np.array([p.sum() for p in places], dtype=FLOAT[dtype]) / np.array([len(p) for p in places], FLOAT[dtype])
        tap.equal(got["mean"].tolist(), means.tolist())


PATTERNS = ("sel", "hardmax(s, sel)", "hardmax_first(s, sel)", "softmax(s, sel)", "linear(s, sel)", "sparsemax(s, sel)")


def test_empty_selection():
    """a query that finds no key takes the default, whatever the normaliser"""
    for pattern in PATTERNS:
        text = (f"input a: float; input v: vec[2]; sel = select(a, a, <); s = score(a, a, *); "
                f"b = aggregate({pattern}, v, [7, 8]); output b;")
        got = of(text).run({"a": [1.0, 2.0], "v": [[1.0, 2.0], [3.0, 4.0]]})
        tap.equal(got, {"b": [[7.0, 8.0], [1.0, 2.0]]})


def test_empty_batch():
    """a batch of no inputs gives no outputs, of the shapes and types of others"""
    columns = {"x": torch.ones(2, 3, 2), "is_centre": torch.tensor([[True, False, False]] * 2)}
    patterns = "".join(f"p{i} = aggregate({pattern}, v, [7, 8]); " for i, pattern in enumerate(PATTERNS))
    names = ", ".join(f"p{i}" for i in range(len(PATTERNS)))
    text = (f"input a: float; input v: vec[2]; sel = select(a, a, <); s = score(a, a, *); {patterns}"
            f"z = a; repeat 3 until (z > 4) {{ z = z * 2; }} n = argmax(v); output {names}, z, n;")
    cases = (loaded(LLOYD), columns), (of(text), {"a": torch.ones(2, 3), "v": torch.ones(2, 3, 2)})
    for model, inputs in cases:
        some = model(inputs)
        none = model({name: values[:0] for name, values in inputs.items()})
        tap.equal({name: (tuple(values.shape), values.dtype) for name, values in none.items()},
                  {name: ((0, *values.shape[1:]), values.dtype) for name, values in some.items()})


def test_linear():
    """weights that add up to exactly 0, from the first to the last, give the default; others do not"""
    text = "input a: float; b = aggregate(linear(score(a, 1, *)), a, 7); output b;"
    for column in ([0.5, -0.5], [0.1, 0.2, -0.3], [0.3, -0.2, -0.1], [1.0, 2.0], [1e16, 1.0, -1e16]):
        tap.equal(difference(give(of(text), {"a": column}), evaluated(written(text), {"a": column})), 0.0)


def test_infinite():
    """what is infinite in one part of the stream, or at a key that is not selected, stays there"""
    text = ("input v: vec[3]; l = log(v); big = select(sum(v), 3, >); z = aggregate(big, l, [0, 0, 0]); "
            "w = exp(l); s = aggregate(softmax(score(l[0], 1, *)), v); output z, w, s;")
    columns = {"v": [[0.0, 1.0, 1.0], [2.0, 2.0, 2.0], [1.0, 0.0, 0.5], [4.0, 1.0, 1.0]]}
    got = give(of(text), columns)
    # A last digit in log(4), which lies between 1 and 2, is one in its exp; each has one of its own, here and in eval.
    assert difference(got, evaluated(written(text), columns)) <= 4 * np.finfo(float).eps


def test_types():
    """ints, truth values and vectors come and go as themselves"""
    model = of("input i: int; input t: bool; n = i + 1; f = not t; v = vec(i, 2); output n, f, v;")
    got = model({"i": torch.tensor([1, -5]), "t": torch.tensor([True, False])})
    tap.equal([got["n"].dtype, got["f"].dtype, got["v"].dtype], [torch.int64, torch.bool, torch.float64])
    tap.equal(model.run({"i": [1, -5], "t": [True, False]}),
              {"n": [2, -4], "f": [False, True], "v": [[1.0, 2.0], [-5.0, 2.0]]})


def test_words():
    """an input of strings takes words, as lists, and the numbers of its words, as tensors"""
    model = of(WORDS)
    wanted = evaluated(written(WORDS), WORDS_COLUMNS)
    got = {name: np.array(values) for name, values in model.run(WORDS_COLUMNS).items()}
    tap.equal(difference(got, wanted), 0.0)
    tap.equal(model.tensor("kind", WORDS_COLUMNS["kind"]).tolist(), [0, 1, 1, -1])
    tap.equal(difference(give(model, WORDS_COLUMNS), wanted), 0.0)


def raises(kind, function):
    try:
        function()
    except kind:
        return True
    return False


def test_undefined():
    """a division by zero, and what is not finite, fail, at their positions"""
    cases = (("input a: float; b = 1 / a; output b;", [1.0, 0.0], [False, True]),
             ("input a: float; b = exp(vec(a)); output b;", [1.0, 1e4], [False, True]),
             ("input a: float; s = score(log(vec(a)), log(vec(a)) - log(vec(a)), *); b = aggregate(hardmax(s), a); output b;",
              [0.0, 1.0], [True, True]),
             ("input a: float; z = a; repeat 3 { z = 1 / (z - 1); } output z;", [1.0, 5.0], [True, False]))
    for text, column, wanted in cases:
        model = of(text)
        assert raises(ArithmeticError, lambda: model.run({"a": column})), text
        _, fails = model.compute({"a": torch.tensor(column)})
        tap.equal(fails.tolist(), wanted)
        _, fails = model.compute({"a": torch.tensor([[2.5, 3.5], column])})
        tap.equal(fails.tolist()[1], wanted)


def test_integers():
    """integers that float32 may have rounded on the way fail, at their positions"""
    for text, column, wanted in (
            ("b = a * a; output b;", [4095, 4097, -4097], [False, True, True]),
            ("b = a * a % 10; output b;", [4095, 4097, -4097], [False, True, True]),
            ("b = 3 * a - 1; c = b == 5; output c;", [2, 5592405, 5592406], [False, False, True]),
            ("b = total(select(1, 1, ==), a); output b;", [2**19 - 1, 1, -(2**19)], [False, False, True])):
        model = loaded(written("input a: int; " + text), "--dtype", "f32")
        assert raises(ArithmeticError, lambda: model.run({"a": column})), text
        tap.equal(model.compute({"a": torch.tensor(column)})[1].tolist(), wanted)
        _, fails = of("input a: int; " + text).compute({"a": torch.tensor(column)})
        tap.equal(fails.tolist(), [False] * 3)


def test_bad_inputs():
    """inputs that are missing, too long, empty, of other lengths, shapes or types, or not finite"""
    model = of("input a: float; input b: bool; input v: vec[2]; input n: int; c = (a + n) * v if b else v; output c;",
               "--max-len", "3")
    fine = {"a": torch.ones(2), "b": torch.ones(2).bool(), "v": torch.ones(2, 2), "n": torch.ones(2).long()}
    tap.equal(model(fine)["c"].tolist(), [[2.0, 2.0], [2.0, 2.0]])
    tap.equal(model({**fine, "unused": None})["c"].tolist(), [[2.0, 2.0], [2.0, 2.0]])
    long = {name: torch.cat([value, value]) for name, value in fine.items()}
    empty = {name: value[:0] for name, value in fine.items()}
    wrong = [long, empty, {"a": torch.ones(2)}]
    for name, value in (("a", torch.ones(3)), ("a", torch.tensor([1.0, torch.nan])), ("v", torch.ones(2)),
                        ("v", torch.ones(2, 3)), ("b", torch.ones(2)), ("n", torch.ones(2)), ("a", torch.ones(1, 2)),
                        ("n", torch.tensor([2**53 + 1, 1])), ("n", torch.tensor([2**63 - 1, 1])),
                        ("a", fine["b"])):
        wrong.append({**fine, name: value})
    for inputs in wrong:
        assert raises(ValueError, lambda: model(inputs)), inputs


def test_names():
    """names that Python gives a meaning"""
    text = "input self: float; input inputs: float; present = self + inputs; output self, present;"
    tap.equal(of(text).run({"self": [1.0], "inputs": [2.0]}), {"self": [1.0], "present": [3.0]})


def test_streams():
    """the residual stream by name, after every layer that is run"""
    model = of("input x: vec[2]; z = x; repeat 3 { z = z * 2 + x; } output z;")
    streams = list(model.streams({"x": torch.tensor([[1.0, 2.0]])}))
    rounds = model.raspc["loops"][0]["times"] * model.raspc["loops"][0]["count"]
    tap.equal(len(streams), 1 + len(model.layers) - model.raspc["loops"][0]["count"] + rounds)
    tap.equal(model.direction(streams[0], "x")[0].tolist(), [[1.0, 2.0]])
    tap.equal(model.direction(streams[-1], "z")[0].tolist(), [[15.0, 30.0]])
    assert raises(KeyError, lambda: model.direction(streams[0], "nothing"))


def test_pattern():
    """what a head attends to"""
    model = of("input a: float; b = aggregate(softmax(score(a, 1, *)), a); output b;")
    state = model.begin(model.columns({"a": torch.tensor([0.0, 0.0, 0.0, 0.0])})[0], None)
    tap.equal(model.layers[0].heads[0].pattern(state)[0].tolist(), [[0.25] * 4] * 4)


# --- by itself, and in transformers ---------------------------------------------------------------


def test_alone():
    """the directory needs nothing but torch and safetensors"""
    path = compiled(LLOYD, name="real")
    code = ("import sys, json; sys.modules['transformers'] = None; from modeling_raspc_real import RaspcRealModel; "
            "print(json.dumps(RaspcRealModel.from_pretrained('.').run(json.loads(sys.argv[1]))))")
    columns = {"x": [[0, 0], [9, 0], [0, 2], [2, 2], [8, 1], [10, 1]], "is_centre": [True, True] + [False] * 4}
    said = subprocess.run([sys.executable, "-c", code, json.dumps(columns)], cwd=path, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    got = json.loads(said.stdout)
    tap.equal([got["c"][:2], got["owner"]], [[[1.0, 2.0], [9.0, 1.0]], [0, 1, 0, 0, 1, 1]])


def test_transformers():
    """transformers loads the directory as a model, saves it, and reads what it saved"""
    from transformers import AutoModel

    path = compiled(LLOYD, "--dtype", "f64", name="real")
    columns = data(LLOYD, LENGTH, 1)
    model = AutoModel.from_pretrained(path, trust_remote_code=True)
    tap.equal(model.w_e.dtype, torch.float64)
    same(give(model, columns), interpreted(LLOYD, columns))
    model.save_pretrained(place("saved"))
    first, again = [load_file(os.path.join(at, "model.safetensors")) for at in (path, place("saved"))]
    tap.equal(sorted(again), sorted(first))
    assert all(torch.equal(again[name], first[name]) for name in first)


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
