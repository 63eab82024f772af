"""ONNX files of programs over real vectors, run by ONNX Runtime, against eval."""

import glob
import hashlib
import json
import os
import re
import sys

import numpy as np
import onnx
import onnxruntime

import rounding
import tap
from command import place, raspc, written
from rounding import options

FLOAT = {"f32": np.float32, "f64": np.float64}


# --- compiling and running ------------------------------------------------------------------------


def compiled(program, *more, name="real.onnx"):
    path = place(name)
    said = raspc("compile", program, "-o", path, *more)
    assert said.returncode == 0, said.stderr
    return path


def checked(path):
    """The model, after everything that onnx has to say about it."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    return model


def given(columns):
    """The columns as arguments of `raspc run`."""
    out = []
    for name, values in columns.items():
        with open(place(f"{name}.json"), "w", encoding="utf-8") as file:
            json.dump(values, file)
        out += ["-i", f"{name}=@{place(name + '.json')}"]
    return out


def evaluated(program, columns, *more):
    """The outputs as arrays, as eval gives them."""
    said = raspc("run", program, "--engine", "eval", "--json", *given(columns), *more)
    assert said.returncode == 0, said.stderr
    return {name: np.array(result["values"]) for name, result in json.loads(said.stdout)["results"].items()}


def run(path, columns):
    """The outputs by the program's names, and `undefined`."""
    return run_session(onnxruntime.InferenceSession(path, options), columns)


KINDS = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(bool)": bool, "tensor(int64)": np.int64}


def run_batch(session, batch, **more):
    """The outputs by the program's names, and `undefined`, of a batch: tables of values, an input each."""
    wanted = [i for i in session.get_inputs() if i.name != "attention_mask"]
    feed = {i.name: np.array([columns[i.name] for columns in batch], dtype=KINDS[i.type]) for i in wanted}
    names = json.loads(session.get_modelmeta().custom_metadata_map["outputs"])
    got = session.run([*names.values(), "undefined"], {**feed, **more})
    return dict(zip(names, got)), got[-1]


def run_session(session, columns):
    got, undefined = run_batch(session, [columns])
    return {name: values[0] for name, values in got.items()}, undefined[0]


def outputs_of(session, inputs):
    """The outputs of each of the inputs, which are of one length."""
    got, _ = run_batch(session, inputs)
    return [{name: values[i] for name, values in got.items()} for i in range(len(inputs))]


def difference(got, wanted):
    """The greatest one, in parts of the greatest number; numbers that stand for places must be equal."""
    worst = 0.0
    for name, right in wanted.items():
        found = got[name]
        tap.equal(found.shape, right.shape)
        if right.dtype != np.float64:
            assert (found == right).all(), f"{name}: {found.tolist()} is not {right.tolist()}"
            continue
        scale = max(1.0, np.abs(right).max())
        worst = max(worst, np.abs(found - right).max() / scale)
    return worst


def data(program, length, seed, d=2):
    """A random input: points round a few places far apart, the first ones centres. Float32 holds all of it."""
    draw = np.random.default_rng(seed)
    with open(program, encoding="utf-8") as file:
        text = file.read()
    found = re.search(r"^param k: int = (\d+);", text, re.M)
    k = int(found.group(1)) if found else 3
    places = draw.normal(0, 4, (k, d))
    x = places[draw.integers(0, k, length)] + draw.normal(0, 1, (length, d))
    columns = {"x": x.astype(np.float32).astype(float).tolist()}
    for name, kind in re.findall(r"^input (\w+): (\w+)", text, re.M):
        if name == "is_centre":
            columns[name] = [i < k for i in range(length)]
        elif name == "is_sink":
            columns[name] = [i == k for i in range(length)]
        elif name == "id":
            columns[name] = [[float(i == j) for j in range(k)] for i in range(length)]
        elif kind == "float":
            columns[name] = draw.uniform(0.1, 0.9, length).astype(np.float32).astype(float).tolist()
    return columns


LENGTH = 24
SEEDS = (1, 2, 3)
conditions_found, wanted_found = {}, {}


def conditions(program, params=()):
    """For the data of each seed the condition of every output."""
    if (program, params) not in conditions_found:
        path = compiled(program, "--dtype", "f64", "--max-len", str(LENGTH), *params, name="condition.onnx")
        inputs = [data(program, LENGTH, seed) for seed in SEEDS]
        conditions_found[program, params] = rounding.conditions(path, LENGTH, inputs, outputs_of)
    return conditions_found[program, params]


def wanted_of(program, params=()):
    """The same of eval's outputs."""
    if (program, params) not in wanted_found:
        wanted_found[program, params] = [evaluated(program, data(program, LENGTH, seed), *params) for seed in SEEDS]
    return wanted_found[program, params]


def is_decided(condition, wanted):
    """Would float32 keep a digit of every output? Not where something is decided by a tie, or nearly."""
    return all(rounding.bound(condition[name], "f32") <= np.abs(right.astype(float)).max() / 10
               for name, right in wanted.items())


def check_close(program, dtype, params, give):
    """give(columns): the outputs of what was compiled. They are eval's, but for what rounding may do."""
    worst, checked_seeds = 0.0, 0
    for seed, condition, wanted in zip(SEEDS, conditions(program, params), wanted_of(program, params)):
        got = give(data(program, LENGTH, seed))
        if not is_decided(condition, wanted):
            continue
        checked_seeds += 1
        for name, right in wanted.items():
            assert got[name].shape == right.shape, (name, got[name].shape, right.shape)
            if right.dtype != np.float64:
                assert (got[name] == right).all(), f"{name}: {got[name].tolist()} is not {right.tolist()}"
                continue
            off, bound = np.abs(got[name] - right).max(), rounding.bound(condition[name], dtype)
            assert off <= bound, f"seed {seed}: {name} is off by {off:.3g}, the bound is {bound:.3g}"
            worst = max(worst, off)
    assert checked_seeds >= 2, "one of three inputs may be a tie, not more"
    return f"off by up to {worst:.1e}"


def check_program(program, dtype, *more, params=()):
    path = compiled(program, "--dtype", dtype, "--max-len", str(LENGTH), *more, *params)
    checked(path)
    session = onnxruntime.InferenceSession(path, options)

    def give(columns):
        got, undefined = run_session(session, columns)
        assert not undefined.any(), undefined
        return got

    return check_close(program, dtype, params, give)


# --- every program --------------------------------------------------------------------------------

LLOYD = "programs/clustering/lloyd.rasp"


def test_each_program():
    for program in sorted(glob.glob("programs/clustering/*.rasp")):
        for dtype in FLOAT:
            if (os.path.basename(program), dtype) == ("kmedians.rasp", "f32"):
                continue  # refused: see test_overflow
            yield (f"{os.path.basename(program)}: ten rounds in {dtype} are eval's",
                   lambda program=program, dtype=dtype: check_program(program, dtype, params=("--param", "rounds=10")))


def test_each_unrolled():
    for name in ("lloyd", "lloyd_paper", "soft", "em_means", "hardmax_dynamics"):
        yield (f"{name}: unrolled they are eval's",
               lambda name=name: check_program(f"programs/clustering/{name}.rasp", "f32", "--unroll",
                                               params=("--param", "rounds=10")))


def filled_up(columns, length):
    """Behind the input's end come numbers that mean nothing."""
    return {name: values + [values[-1 - i % len(values)] for i in range(length - len(values))]
            for name, values in columns.items()}


def run_filled_up(session, columns):
    """As one of a batch of three, in which another is longer and another shorter."""
    n = len(columns["x"])
    longer, shorter = (filled_up(columns, n + 7), {name: values[: n - 5] for name, values in columns.items()})
    mask = np.array([[i < length for i in range(n + 7)] for length in (n + 7, n, n - 5)], dtype=np.int64)
    got, undefined = run_batch(session, [filled_up(part, n + 7) for part in (longer, columns, shorter)],
                               attention_mask=mask)
    assert not undefined.any(), undefined
    return {name: values[1, :n] for name, values in got.items()}


def check_filled_up(program):
    params = ("--param", "rounds=10")
    path = compiled(program, "--dtype", "f64", "--max-len", str(LENGTH + 7), *params)
    session = onnxruntime.InferenceSession(path, options)
    return check_close(program, "f64", params, lambda columns: run_filled_up(session, columns))


def test_each_in_a_batch():
    for program in sorted(glob.glob("programs/clustering/*.rasp")):
        yield (f"{os.path.basename(program)}: in a batch with others, filled up, it gives what it gives alone",
               lambda program=program: check_filled_up(program))


def refused(text, *more, to="real.onnx", says):
    program = text if text.endswith(".rasp") else written(text)
    said = raspc("compile", program, "-o", place(to), *more)
    assert said.returncode != 0, said.stdout
    assert says in said.stderr, said.stderr


def test_overflow():
    """a number that float32 does not hold is refused, with the way out"""
    refused("programs/clustering/kmedians.rasp", says="a number of the program is beyond the greatest float32")


# --- loops ----------------------------------------------------------------------------------------


def test_until():
    """a loop ends where its condition holds, not before and not after, looped and unrolled"""
    text = "input a: float; z = a; n = 0 * a; repeat 9 until (z > 4) { z = 2 * z; n = n + 1; } output z, n;"
    for more in ((), ("--unroll",)):
        path = compiled(written(text), *more)
        for column, rounds in (([1.0, 3.0], 3), ([5.0], 1), ([0.0, 9.0], 9)):
            got, _ = run(path, {"a": column})
            tap.equal(got["n"].tolist(), [rounds] * len(column))
            tap.equal(got["z"].tolist(), evaluated(written(text), {"a": column})["z"].tolist())


def test_nested():
    """loops within loops"""
    text = ("input a: float; z = a; n = 0 * a; "
            "repeat 3 { repeat 4 until (z > 10) { z = z * 2; n = n + 1; } z = z - 9; } output z, n;")
    for more in ((), ("--unroll",)):
        path = compiled(written(text), *more)
        checked(path)
        for column in ([1.0], [1.0, 7.0], [0.5, 20.0, 3.0]):
            got, _ = run(path, {"a": column})
            tap.equal(difference(got, evaluated(written(text), {"a": column})), 0.0)


def test_ends_of_a_batch():
    """every input of a batch ends its own rounds, whatever the others do"""
    text = ("input a: float; z = a; n = 0 * a; m = 0 * a; repeat 3 until (m > 2) {"
            " repeat 4 until (z > 10) { z = z * 2; n = n + 1; } z = z - 9; m = m + 1; } output z, n, m;")
    columns = [[1.0, 1.0], [7.0, 3.0], [20.0, 0.5], [40.0, 90.0]]
    for more in ((), ("--unroll",)):
        session = onnxruntime.InferenceSession(compiled(written(text), *more), options)
        got, _ = run_batch(session, [{"a": column} for column in columns])
        for i, column in enumerate(columns):
            alone = evaluated(written(text), {"a": column})
            tap.equal({name: values[i].tolist() for name, values in got.items()},
                      {name: values.tolist() for name, values in alone.items()})


def test_absent():
    """what is not there is looked at by nobody, whatever it holds, and is never undefined"""
    text = ("input a: float; b = 1 / a; s = score(b, 1, *); c = aggregate(softmax(s), b); "
            "d = aggregate(hardmax_first(s), b); e = aggregate(select(1, 1, ==), b); output c, d, e;")
    session = onnxruntime.InferenceSession(compiled(written(text)), options)
    nan = float("nan")
    got, undefined = run_batch(session, [{"a": [1.0, 0.5, 0.0, nan]}], attention_mask=np.array([[1, 1, 0, 0]]))
    wanted = evaluated(written(text), {"a": [1.0, 0.5]})
    tap.equal(undefined.tolist(), [[False] * 4])
    assert difference({name: values[0, :2] for name, values in got.items()}, wanted) < 1e-6


def test_loop_operators():
    """a loop is the operator Loop, and is none when it is unrolled"""
    loops = [[node.op_type for node in checked(compiled(LLOYD, *more)).graph.node].count("Loop")
             for more in ((), ("--param", "rounds=3", "--unroll"))]
    tap.equal(loops, [1, 0])


def test_unrolled_too_far():
    """a graph of a million layers is refused"""
    refused(LLOYD, "--unroll", "--param", "rounds=1000000", says="unrolled, its loops take more than 10000 layers")


# --- meaning --------------------------------------------------------------------------------------


def test_ties():
    """hardmax averages tied keys, hardmax_first takes the first"""
    text = ("input a: float; s = score(indicator(a > 0), 1, *); b = aggregate(hardmax(s), a); "
            "c = aggregate(hardmax_first(s), a); output b, c;")
    got, _ = run(compiled(written(text)), {"a": [-1.0, 2.0, 5.0, -7.0]})
    tap.equal([got["b"].tolist(), got["c"].tolist()], [[3.5] * 4, [2.0] * 4])


def test_empty_selection():
    """a query that finds no key takes the default, whatever the normaliser"""
    for pattern in ("sel", "hardmax(s, sel)", "hardmax_first(s, sel)", "softmax(s, sel)", "linear(s, sel)",
                    "sparsemax(s, sel)"):
        text = (f"input a: float; input v: vec[2]; sel = select(a, a, <); s = score(a, a, *); "
                f"b = aggregate({pattern}, v, [7, 8]); output b;")
        got, undefined = run(compiled(written(text)), {"a": [1.0, 2.0], "v": [[1.0, 2.0], [3.0, 4.0]]})
        tap.equal([got["b"].tolist(), undefined.tolist()], [[[7.0, 8.0], [1.0, 2.0]], [False, False]])


RELUS = ("input x: vec[2]; input a: float; input m: bool; near = 1 - relu(2 - relu(x + 1)); b = min(max(a, -2), 2); "
         "y = aggregate(softmax(-distance(near, near)), near); c = b; repeat 3 { c = c * b / 4 + exp(-b); } "
         "z = log(b + 3) + (near[0] if m else b); output y, z, c;")
OF_RELUS = ("--relu-only", "--knots", "60", "--max-len", "12")


def check_relus(give):
    """give(columns): the outputs of what was compiled of RELUS. They are as near to eval's as report says."""
    program = written(RELUS)
    said = json.loads(raspc("report", program, *OF_RELUS, "--json").stdout.splitlines()[-1])
    bounds = dict(zip(said["outputs"], said["model"]["output_errors"]))
    rows = np.random.default_rng(5)
    for length in (1, 5, 12):
        columns = {"x": rows.uniform(-2, 2, (length, 2)).tolist(), "a": rows.uniform(-4, 4, length).tolist(),
                   "m": [bool(i % 2) for i in range(length)]}
        got = give(columns)
        for name, wanted in evaluated(program, columns).items():
            far = np.abs(got[name] - wanted).max()
            assert far <= bounds[name] + 1e-12, (name, far, bounds[name])


def test_relus():
    """of ReLUs alone a file has no other units, and is as near to eval as report says"""
    path = compiled(written(RELUS), *OF_RELUS, "--dtype", "f64")
    assert "Log" not in {node.op_type for node in checked(path).graph.node}
    check_relus(lambda columns: run(path, columns)[0])


SCALARS = ("-a", "a + b", "a - b", "a * b", "a / b", "a % b", "2 ^ a", "a ^ 2", "a == b", "a < b", "a <= b", "a > b",
           "a >= b", "a < b and b > 0", "a < b or b > 0", "not (a < b)", "indicator(a < b)", "a if a < b else b",
           "round(a)", "floor(a)", "ceil(a)", "abs(a)", "sign(a)", "relu(a)", "exp(a)", "log(abs(a) + 1)",
           "sqrt(abs(a))", "sin(a)", "cos(a)", "tanh(a)", "dot(v, u)", "sum(v)", "norm(v)", "argmin(v)", "argmax(v)",
           "v == u", "v[1]")
VECTORS = ("v + u", "v - u", "v * u", "v / u", "v * a", "exp(v)", "relu(v)", "layernorm(v)", "rmsnorm(v)", "unit(v)",
           "onehot(round(abs(a)), 4)", "concat(v, a)", "v if a < b else u", "matmul([[1, 2, 3], [4, 5, 6]], v)")


def operands():
    columns = {"a": [-2.5, 1.5, 0.0, 3.0, 7.25, -4.0], "b": [2.0, -2.0, 3.0, 3.0, -0.5, -3.0]}
    draw = np.random.default_rng(1)
    columns["v"] = draw.integers(-3, 4, (6, 3)).astype(float).tolist()
    columns["u"] = draw.integers(1, 4, (6, 3)).astype(float).tolist()
    columns["v"][0] = columns["u"][0]
    columns["v"][2] = [2.0, -1.0, 2.0]
    return columns


def test_each_operation():
    """every operation that a unit can be, position by position"""
    for operation in SCALARS + VECTORS:
        text = f"input a: float; input b: float; input v: vec[3]; input u: vec[3]; z = {operation}; output z;"
        yield f"operation {operation}", lambda text=text: check_operation(text, operands())


def check_operation(text, columns):
    path = compiled(written(text), "--dtype", "f64")
    checked(path)
    got, undefined = run(path, columns)
    assert not undefined.any(), undefined
    worst = difference(got, evaluated(written(text), columns))
    assert worst <= 1e-14, worst


def test_types():
    """ints, truth values and vectors come and go as themselves"""
    text = "input i: int; input t: bool; n = i + 1; f = not t; v = vec(i, 2); output n, f, v;"
    path = compiled(written(text))
    session = onnxruntime.InferenceSession(path, options)
    tap.equal({i.name: (i.type, i.shape) for i in session.get_inputs()},
              {"i": ("tensor(int64)", ["batch", "sequence"]), "t": ("tensor(bool)", ["batch", "sequence"])})
    got, _ = run(path, {"i": [1, -5], "t": [True, False]})
    tap.equal({name: values.tolist() for name, values in got.items()},
              {"n": [2, -4], "f": [False, True], "v": [[1.0, 2.0], [-5.0, 2.0]]})
    tap.equal([str(got["n"].dtype), str(got["f"].dtype), str(got["v"].dtype)], ["int64", "bool", "float32"])


WORDS = ("input x: float; input kind: str; low = x < 2 and kind == \"a\"; "
         "mean = aggregate(select(kind, \"é b\", ==), x, 7); output low, mean;")
WORDS_COLUMNS = {"x": [1.0, 2.0, 3.0, 0.0], "kind": ["a", "é b", "é b", "q"]}


def test_words():
    """an input of strings takes the numbers of its words; another word is -1"""
    session = onnxruntime.InferenceSession(compiled(written(WORDS)), options)
    words = json.loads(session.get_modelmeta().custom_metadata_map["words"])
    tap.equal(words, {"kind": ["a", "é b"]})
    numbers = [words["kind"].index(word) if word in words["kind"] else -1 for word in WORDS_COLUMNS["kind"]]
    (got,) = outputs_of(session, [{**WORDS_COLUMNS, "kind": numbers}])
    tap.equal(difference(got, evaluated(written(WORDS), WORDS_COLUMNS)), 0.0)


def test_undefined():
    """a division by zero, what is not finite, and integers that float32 rounds, given or computed, make a position undefined"""
    cases = (("input a: float; b = 1 / a; output b;", [1.0, 0.0], [False, True]),
             ("input a: float; b = exp(vec(a)); output b;", [1.0, 1e4], [False, True]),
             ("input a: float; b = a; output b;", [float("nan"), 1.0], [True, False]),
             ("input a: int; b = total(select(a, a, ==), 1); output b;",
              [2**24, 2**24 + 1, -2**24 - 1, 2**63 - 1, 2**40], [False, True, True, True, False]),
             ("input a: float; z = a; repeat 3 { z = 1 / (z - 1); } output z;", [1.0, 5.0], [True, False]),
             ("input a: int; b = a * a; output b;", [4095, 4097, -4097], [False, True, True]),
             ("input a: int; b = a * a % 10; output b;", [4095, 4097, -4097], [False, True, True]),
             ("input a: int; b = 3 * a - 1; c = b == 5; output c;", [2, 5592405, 5592406], [False, False, True]),
             ("input a: int; b = total(select(1, 1, ==), a); output b;", [2**19 - 1, 1, -(2**19)], [False, False, True]),
             ("input a: int; repeat 5 { a = a * a; } b = a > 0; output b;", [1, 2, -8], [False, True, True]))
    for text, column, wanted in cases:
        for more in ((), ("--unroll",)):
            _, undefined = run(compiled(written(text), *more), {"a": column})
            tap.equal(undefined.tolist(), wanted)


def test_requirements():
    """with --require the program fails where the inputs are not what it requires"""
    text = ("input x: vec[2]; input m: bool; require x[0] >= 0, \"no number below 0\"; "
            "require selector_width(select(m, True, ==)) <= 2, \"at most two\"; y = x; output y;")
    path = compiled(written(text), "--require")
    checked(path)
    x = [[1.0, 2.0], [0.0, -1.0], [3.0, 3.0]]
    for first, m, wanted in ((1.0, [True, True, False], [False] * 3), (-1.0, [True, True, False], [True, False, False]),
                             (1.0, [True] * 3, [True] * 3)):
        _, undefined = run(path, {"x": [[first, 2.0], *x[1:]], "m": m})
        tap.equal(undefined.tolist(), wanted)


def test_bad_inputs():
    """an input that is too long, or not as long as the others, is refused by the runtime"""
    path = compiled(written("input a: float; input b: float; c = a + b; output c;"), "--max-len", "3")
    session, one = onnxruntime.InferenceSession(path, options), np.ones
    for a, b in ((one((1, 4)), one((1, 4))), (one((1, 3)), one((1, 1))), (one((1, 1)), one((1, 3))),
                 (one((2, 3)), one((3, 2))), (one((2, 3)), one((1, 3))), (one(3), one(3))):
        try:
            session.run(None, {"a": a.astype(np.float32), "b": b.astype(np.float32)})
        except onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument:
            continue
        except onnxruntime.capi.onnxruntime_pybind11_state.Fail:
            continue
        raise AssertionError(f"taken: {a.shape}, {b.shape}")


# --- the file -------------------------------------------------------------------------------------


def test_names():
    """every node has a name of its own, and an output of a taken name gives way"""
    path = compiled(written("input a: float; undefined = a + 1; output a, undefined;"))
    model = checked(path)
    names = [node.name for node in model.graph.node]
    assert len(set(names)) == len(names), names
    tap.equal([output.name for output in model.graph.output], ["a_", "undefined_", "undefined"])
    got, _ = run(path, {"a": [1.0]})
    tap.equal({name: values.tolist() for name, values in got.items()}, {"a": [1.0], "undefined": [2.0]})
    path = compiled(written("input undefined: float; input attention_mask: float; a = undefined + attention_mask;"))
    model = checked(path)
    tap.equal([i.name for i in model.graph.input], ["undefined", "attention_mask", "attention_mask_"])
    tap.equal([output.name for output in model.graph.output], ["a", "undefined_"])
    names = ("undefined", "entered", "times", "always", "goes_on", "one", "rows", "shape", "undefined_before")
    text = ("input x: float; " + "".join(f"{name} = x; " for name in names) + "shape_ = sqrt(indices) + x; repeat 2 {"
            + "".join(f"{name} = {name} + {i} + shape_; " for i, name in enumerate(names)) + "} output "
            + ", ".join(names) + ";")
    for more in ((), ("--unroll",)):
        path = compiled(written(text), *more)
        checked(path)
        got, _ = run(path, {"x": [1.0, 2.0]})
        tap.equal(difference(got, evaluated(written(text), {"x": [1.0, 2.0]})), 0.0)


def test_metadata():
    """producer, source, its SHA-256, greatest length, opset"""
    text = "# é\ninput a: float; b = a + 1; output b;"
    model = checked(compiled(written(text), "--max-len", "9"))
    found = {entry.key: entry.value for entry in model.metadata_props}
    tap.equal([model.producer_name, model.opset_import[0].version, found["source"], found["max_length"]],
              ["raspc", 17, text, "9"])
    tap.equal(found["source_sha256"], hashlib.sha256(text.encode()).hexdigest())


def test_other_formats():
    """what does not hold such a program says so, and what does"""
    for to, more in (("never.o", ()), ("never/", ("--layout", "transformer-lens"))):
        refused(LLOYD, *more, to=to, says="write a directory, or a .safetensors, .onnx, .npz or .rtm file")
        assert not os.path.exists(place(to)), to


def test_no_inputs():
    """a program without inputs has no graph"""
    refused("v = vec(indices, 1); output v;", says="a graph without inputs would not know how long to be")


def test_text():
    """.rtm is what dump prints, and reads back"""
    path = compiled(LLOYD, "--max-len", "8", "--dtype", "f64", name="real.rtm")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    tap.equal(raspc("dump", "--model", LLOYD, "--max-len", "8").stdout, text)
    tap.equal(raspc("dump", "--model", path).stdout, text)


def test_npz():
    """.npz has every matrix by its name"""
    path = place("real.npz")
    said = json.loads(raspc("compile", LLOYD, "-o", path, "--max-len", "8", "--json").stdout)
    arrays = np.load(path)
    shapes = {name: arrays[name].shape for name in arrays.files if name != "config"}
    tap.equal(json.loads(bytes(arrays["config"]))["max_length"], 8)
    tap.equal(shapes["w_e"], (3, 14))
    tap.equal([shapes[f"layers.2.heads.0.w_{part}"] for part in ("q", "k", "v", "o", "gq", "gk")],
              [(14, 3), (14, 3), (14, 1), (1, 14), (14, 1), (14, 1)])
    tap.equal(sum(np.prod(shape) for shape in shapes.values()), said["parameters"])


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
