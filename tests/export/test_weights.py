"""safetensors and npz, read by their own libraries; and what they hold computes the program."""

import json
import struct
import sys
import zipfile

import numpy as np
import safetensors
import safetensors.numpy

import tap
from command import compiled, evaluated, same, written

PROGRAM = """
flip = select(indices, length - 1 - indices, ==);
same = select(tokens, tokens, ==) and select(indices, indices, <);
x = aggregate(flip, selector_width(same));
"""
VOCABULARY = list("abc")


def files():
    program = written(PROGRAM)
    return [compiled(program, name, VOCABULARY, 6) for name in ("x.safetensors", "x.npz")]


def header_of(path):
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    pairs = []
    header = json.loads(data[8 : 8 + length], object_pairs_hook=lambda items: pairs.append(items) or dict(items))
    return header, pairs[-1], length, len(data) - 8 - length


def test_header():
    """safetensors: data aligned to 8, sorted, without gaps, overlaps or duplicate names"""
    header, pairs, length, size = header_of(files()[0])
    tap.equal(length % 8, 0)
    names = [name for name, _ in pairs if name != "__metadata__"]
    tap.equal(names, sorted(set(names)))
    at = 0
    for name in names:
        entry = header[name]
        tap.equal(entry["dtype"], "F32")
        tap.equal(entry["data_offsets"], [at, at + 4 * int(np.prod(entry["shape"]))])
        at = entry["data_offsets"][1]
    tap.equal(at, size)


def test_metadata():
    """safetensors: the metadata is text to text, with format pt and the config"""
    with safetensors.safe_open(files()[0], "numpy") as file:
        metadata = file.metadata()
    tap.equal(metadata["format"], "pt")
    tap.equal(json.loads(metadata["config"])["vocabulary"], VOCABULARY)


def test_equal():
    """safetensors and numpy read the same numbers"""
    one, other = files()
    tensors, arrays = safetensors.numpy.load_file(one), np.load(other)
    tap.equal(sorted(arrays.files), sorted([*tensors, "certificate", "config"]))
    for name, tensor in tensors.items():
        tap.equal(arrays[name].dtype, np.dtype("float32"))
        tap.equal(arrays[name].shape, tensor.shape)
        assert (arrays[name] == tensor).all(), name
    with safetensors.safe_open(one, "numpy") as file:
        tap.equal(bytes(arrays["config"]).decode(), file.metadata()["config"])


def test_zip():
    """npz: every entry's checksum is right"""
    with zipfile.ZipFile(files()[1]) as archive:
        tap.equal(archive.testzip(), None)
        tap.equal({entry.compress_type for entry in archive.infolist()}, {zipfile.ZIP_DEFLATED})


def test_reproducible():
    """the same program gives the same bytes"""
    for name in ("x.safetensors", "x.npz", "x.onnx"):
        first, second = [open(compiled(written(PROGRAM), name, VOCABULARY, 6), "rb").read() for _ in range(2)]
        assert first == second, name


def softmax(scores):
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def streams_of(arrays, config, numbers):
    """The computation that docs/exports.md describes, from the arrays alone: every stream (S, D)"""
    rows = np.arange(len(numbers))
    distance = rows[None, :] - rows[:, None]
    stream = arrays["w_e"][numbers] + arrays["w_p"][rows]
    yield stream
    for l, layer in enumerate(config["layers"]):
        update = np.zeros_like(stream)
        for h, head in enumerate(layer["heads"]):
            q, k, v, o = (arrays[f"layers.{l}.heads.{h}.w_{part}"] for part in "qkvo")
            low, high = head["mask"]
            masked = np.zeros_like(distance, dtype=bool)
            if low is not None:
                masked |= distance < low
            if high is not None:
                masked |= distance > high
            masked[:, 0] = False
            score = np.where(masked, -np.inf, (stream @ q) @ (stream @ k).T)
            update += softmax(score) @ (stream @ v) @ o
        stream = stream + update
        if layer["units"]:
            part = {name: arrays[f"layers.{l}.feed_forward.{name}"] for name in ("w_in", "b_in", "w_out", "b_out")}
            stream = stream + np.maximum(stream @ part["w_in"] + part["b_in"], 0) @ part["w_out"] + part["b_out"]
        yield stream


def logits_of(arrays, config, numbers):
    """(S, outputs)"""
    *_, stream = streams_of(arrays, config, numbers)
    return stream @ arrays["w_u"] + arrays["b_u"]


def test_numpy():
    """the arrays alone compute the program, in numpy"""
    arrays = np.load(files()[1])
    config = json.loads(bytes(arrays["config"]))
    inputs = [list(text) for text in ("a", "ab", "aab", "abcabc", "cccccc", "bacbac")]
    for tokens, wanted in zip(inputs, evaluated(written(PROGRAM), inputs)):
        logits = logits_of(arrays, config, [0] + [VOCABULARY.index(t) + 1 for t in tokens])[1:]
        assert config["output"]["decode"] in ("integer", "atoms")
        if config["output"]["decode"] == "integer":
            got = np.rint(logits[:, 0]).astype(int).tolist()
        else:
            got = [config["output"]["labels"][i] for i in logits.argmax(-1)]
        assert same(got, wanted), (tokens, got, wanted)


def test_directions():
    """every direction has a name, and in no stream two; one that is used again has more over all"""
    config = json.loads(bytes(np.load(files()[1])["config"]))
    names = [part["name"] for part in config["residual"]]
    tap.equal(len(set(names)), len(names))
    named = [set() for _ in range(config["width"])]
    for stream in range(len(config["layers"]) + 1):
        for part in config["residual"]:
            first, last = part["streams"]
            for i in range(part["offset"], part["offset"] + part["width"]):
                named[i].add(part["name"])
                if first <= stream <= last:
                    tap.equal([other for other in config["residual"]
                               if other is not part and other["streams"][0] <= stream <= other["streams"][1]
                               and other["offset"] <= i < other["offset"] + other["width"]], [])
    assert all(named), named
    assert any(len(of) > 1 for of in named), "no direction is used again"


def test_streams():
    """a code is one in every stream that it is said to be in"""
    arrays = np.load(files()[1])
    config = json.loads(bytes(arrays["config"]))
    checked = 0
    for s, stream in enumerate(streams_of(arrays, config, [0, 1, 2, 1, 3, 3, 2])):
        for part in config["residual"]:
            if "values" not in part or not part["streams"][0] <= s <= part["streams"][1]:
                continue
            code = stream[1:, part["offset"] : part["offset"] + part["width"]]
            assert np.isin(code, (0, 1)).all(), (s, part["name"])
            if part["kind"] == "one-hot":
                assert (code.sum(-1) == 1).all(), (s, part["name"])
            else:
                assert (np.diff(code, axis=-1) <= 0).all(), (s, part["name"])
            checked += 1
    assert checked > 3, checked


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
