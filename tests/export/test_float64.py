"""--dtype f64: every format holds float64, and computes what float32 has not the bits for."""

import json
import os
import random
import struct
import sys

import numpy as np
import onnx
import onnxruntime
import safetensors.numpy

import tap
from command import Example, Refused, compiled, raspc, written
from test_onnx import options, values
from test_transformer_lens import decoded, native
from test_weights import logits_of

F64 = ("--dtype", "f64")
MEAN = 'x = aggregate(select(True, True, ==), indicator(tokens == "a"));'
POSITIONS = 'x = aggregate(select(tokens, "a", ==), indices, -1);'
COUNT = "same = select(tokens, tokens, ==) and select(indices, indices, <=); x = selector_width(same);"
HALF = MEAN + "y = 0.5 if x > 1/3 else x == 1;"

# (name, program, a greatest length that float32 does not reach)
LONGER = [
    ("a mean of zeros and ones", MEAN, 400),
    ("a mean of positions", POSITIONS, 100),
    ("a running mean", 'x = aggregate(select(indices, indices, <=), indicator(tokens == "a"));', 300),
    ("a mean of numbers far from zero", "x = aggregate(select(tokens, tokens, ==), indices + 1000000);", 40),
    ("a gather of positions", "x = aggregate(select(indices, length - 1 - indices, ==), indices);", 2200),
]


def inputs_of(length, count=4):
    choice = random.Random(length)
    lengths = [1, 2, length - 1, length] + [choice.randint(1, length) for _ in range(count)]
    return [[choice.choice("abc") for _ in range(n)] for n in lengths]


def example_of(text, length):
    return Example(written(text), list("abc"), length, inputs_of(length), 0)


# --- types ----------------------------------------------------------------------------------------


def files():
    program = written(COUNT)
    return [compiled(program, name, list("abc"), 6, *F64) for name in ("x.safetensors", "x.npz", "x.onnx")]


def test_safetensors():
    """safetensors: every tensor is F64, and its bytes lie where the header says"""
    path = files()[0]
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    for name, entry in header.items():
        if name != "__metadata__":
            tap.equal(entry["dtype"], "F64")
            tap.equal(entry["data_offsets"][1] - entry["data_offsets"][0], 8 * int(np.prod(entry["shape"])))
    for name, tensor in safetensors.numpy.load_file(path).items():
        tap.equal((name, tensor.dtype), (name, np.dtype("float64")))
    tap.equal(json.loads(header["__metadata__"]["config"])["dtype"], "float64")


def test_npz():
    """npz: every array is <f8, the same numbers as safetensors'; and they compute the program"""
    one, other, _ = files()
    tensors, arrays = safetensors.numpy.load_file(one), np.load(other)
    for name, tensor in tensors.items():
        tap.equal((name, arrays[name].dtype.str), (name, "<f8"))
        assert (arrays[name] == tensor).all(), name
    config = json.loads(bytes(arrays["config"]))
    logits = logits_of(arrays, config, [0, 1, 2, 1, 1])
    assert logits.dtype == np.float64
    tap.equal(np.rint(logits[1:, 0]).astype(int).tolist(), [1, 1, 2, 3])


def test_onnx_types():
    """onnx: weights and what is computed of them is DOUBLE, and nothing is FLOAT"""
    model = onnx.load(files()[2])
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    kinds = {entry.name: entry.type.tensor_type.elem_type for entry in [*inferred.graph.value_info, *model.graph.output]}
    kinds.update((tensor.name, tensor.data_type) for tensor in model.graph.initializer)
    assert onnx.TensorProto.FLOAT not in kinds.values(), [name for name, kind in kinds.items() if kind == 1]
    tap.equal([kinds["embed/W_E"], kinds["logits"]], [onnx.TensorProto.DOUBLE] * 2)


def test_directory():
    """a directory's config has the dtype"""
    path = compiled(written(COUNT), "layout64", list("abc"), 6, *F64)
    with open(os.path.join(path, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    tap.equal([config["dtype"], config["raspc"]["dtype"]], ["float64"] * 2)


def test_text():
    """the text form says the type, and is read back"""
    path = compiled(written(COUNT), "x.rtm", list("abc"), 6, *F64)
    text = open(path, encoding="utf-8").read()
    assert text.startswith("model f64 length 6 ")
    tap.equal(raspc("dump", "--model", path).stdout, text)


# --- longer inputs --------------------------------------------------------------------------------


def check_longer(text, length):
    example = example_of(text, length)
    try:
        compiled(example.program, "x.onnx", example.vocabulary, length)
        raise AssertionError("float32 carries it too")
    except Refused as refusal:
        assert "E0703" in str(refusal) and "--dtype f64" in str(refusal), refusal
    path = compiled(example.program, "x.onnx", example.vocabulary, length, *F64)
    model, run = onnx.load(path), onnxruntime.InferenceSession(path, options)
    for tokens, wanted in zip(example.inputs, example.wanted()):
        tap.equal(values(model, run, [example.numbers(tokens)])[0], wanted)


def test_each_longer():
    for name, text, length in LONGER:
        yield f"{name}: ONNX Runtime equals eval to length {length}, in float64 alone", (
            lambda text=text, length=length: check_longer(text, length))


def test_verify():
    """verify --dtype f64 compares interp at such a length"""
    said = raspc("verify", written(MEAN), "--dtype", "f64", "--engine", "interp", "--vocab", "abc", "--max-len",
                 "300", "--samples", "3")
    tap.equal(said.returncode, 0)
    assert "not compared" not in said.stdout, said.stdout


def test_unknown():
    """another type is a mistake of the command line"""
    said = raspc("compile", written(MEAN), "-o", "x.npz", "--dtype", "f16")
    tap.equal(said.returncode, 1)
    assert "--dtype is f32 or f64, not 'f16'" in said.stderr, said.stderr


# --- the other layouts, certificates --------------------------------------------------------------


def test_transformer_lens():
    """TransformerLens: the state is float64, and its native arithmetic equals eval"""
    for text, length in ((HALF, 12), (MEAN, 220)):
        example = example_of(text, length)
        path = compiled(example.program, "lens64", example.vocabulary, length, "--layout", "transformer-lens", *F64)
        config, named = (json.load(open(os.path.join(path, name), encoding="utf-8"))
                         for name in ("config.json", "raspc.json"))
        state = safetensors.numpy.load_file(os.path.join(path, "model.safetensors"))
        assert all(tensor.dtype == np.float64 for tensor in state.values())
        for tokens, wanted in zip(example.inputs, example.wanted()):
            tap.equal(decoded(named, native(config, state, example.numbers(tokens))[1:]), wanted)


def test_certified():
    """float64 weights are certified in float64's arithmetic, at lengths beyond float32's too"""
    for text, length in ((COUNT, 12), (HALF, 12), (MEAN, 250), (LONGER[3][1], 12)):
        for name in ("x.npz", "x.safetensors", "directory64"):
            path = compiled(written(text), name, list("abc"), length, *F64)
            said = raspc("certify", "--json", path)
            tap.equal([said.returncode, json.loads(said.stdout)["certified"]], [0, True])


def test_narrowed():
    """a certificate of float64 is none of the same weights in float32"""
    path = files()[1]
    arrays = dict(np.load(path))
    np.savez(path, **{name: array.astype(np.float32) if array.dtype == np.float64 else array
                      for name, array in arrays.items()})
    said = raspc("certify", path)
    tap.equal(said.returncode, 3)
    assert "the certificate is of float64 arithmetic, and the weights are float32" in said.stdout, said.stdout


def test_mixed_types():
    """weights of several types are no model"""
    path = files()[1]
    arrays = dict(np.load(path))
    arrays["b_u"] = arrays["b_u"].astype(np.float32)
    np.savez(path, **arrays)
    said = raspc("certify", path)
    tap.equal(said.returncode, 1)
    assert "tensor 'b_u' is of another type than 'w_e'" in said.stderr, said.stderr


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
