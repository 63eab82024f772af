"""The directory of a program over real vectors: its files, its config, its tensors. What they compute: test_torch_real.py."""

import glob
import json
import os
import sys

import numpy as np
import safetensors
import safetensors.numpy

import tap
from command import place, raspc, written
from test_real import FLOAT, LLOYD, compiled, refused

FILES = ["README.md", "config.json", "model.onnx", "model.safetensors", "modeling_raspc_real.py", "program.rasp"]


def config_of(path):
    with open(os.path.join(path, "config.json"), encoding="utf-8") as file:
        return json.load(file)


def shapes_of(config):
    """The shape of every tensor, from the config alone."""
    width = config["width"]
    columns = {side: sum(part["width"] for part in config[side]) for side in ("inputs", "outputs")}
    shapes = {"w_e": (columns["inputs"], width), "w_p": (config["position_rows"], width), "w_u": (width, columns["outputs"]),
              "w_until": (width, len(config["loops"])), "w_trap": (width, len(config["traps"]))}
    for l, layer in enumerate(config["layers"]):
        for h, head in enumerate(layer["heads"]):
            for part, rows, count in (("q", width, head["width"]), ("k", width, head["width"]), ("v", width, head["values"]),
                                      ("o", head["values"], width), ("gq", width, head["comparisons"]),
                                      ("gk", width, head["comparisons"])):
                shapes[f"layers.{l}.heads.{h}.w_{part}"] = (rows, count)
        for u, unit in enumerate(layer["units"]):
            for a, rows in enumerate(unit["rows"]):
                shapes[f"layers.{l}.units.{u}.w_in.{a}"] = (width, rows)
            if unit["op"] == "relus":
                shapes[f"layers.{l}.units.{u}.w_out"] = (unit["rows"][0], unit["width"])
    return {name: shape for name, shape in shapes.items() if min(shape) > 0}


def check_directory(program, dtype):
    more = ("--dtype", dtype, "--max-len", "12", "--param", "rounds=2")
    path = compiled(program, *more, name="real")
    tap.equal(sorted(name for name in os.listdir(path) if name != ".raspc"), FILES)
    config = config_of(path)
    tap.equal([config["dtype"], config["hidden_size"]], [f"float{dtype[1:]}", config["raspc"]["width"]])
    tensors = safetensors.numpy.load_file(os.path.join(path, "model.safetensors"))
    tap.equal({name: tensor.shape for name, tensor in tensors.items()}, shapes_of(config["raspc"]))
    arrays = np.load(compiled(program, *more, name="real.npz"))
    tap.equal(sorted(arrays.files), sorted([*tensors, "config"]))
    for name, tensor in tensors.items():
        assert tensor.dtype == arrays[name].dtype == FLOAT[dtype], (name, tensor.dtype)
        assert (tensor == arrays[name]).all(), name
    tap.equal(json.loads(bytes(arrays["config"])), config["raspc"])
    alone = compiled(program, *more, name="alone.onnx")
    with open(alone, "rb") as one, open(os.path.join(path, "model.onnx"), "rb") as other:
        assert one.read() == other.read()


def test_each_directory():
    """the files of a directory, the shapes that its config says, the numbers of the .npz file"""
    for program in sorted(glob.glob("programs/clustering/*.rasp")):
        for dtype in FLOAT:
            if (os.path.basename(program), dtype) != ("kmedians.rasp", "f32"):
                yield (f"{os.path.basename(program)}: the directory in {dtype}",
                       lambda program=program, dtype=dtype: check_directory(program, dtype))


def test_config():
    """config.json says what goes in and comes out, and what the library is to load"""
    config = config_of(compiled(LLOYD, "--max-len", "12", name="real"))
    tap.equal([config["model_type"], config["auto_map"]["AutoModel"], config["max_position_embeddings"]],
              ["raspc_real", "modeling_raspc_real.RaspcRealPretrained", 12])
    ends = {side: [(part["name"], part["type"], part["width"]) for part in config["raspc"][side]]
            for side in ("inputs", "outputs")}
    tap.equal(ends, {"inputs": [("x", "vec", 2), ("is_centre", "bool", 1)],
                     "outputs": [("c", "vec", 2), ("owner", "int", 1)]})
    tap.equal([(loop["first"], loop["count"], loop["times"], loop["until"]) for loop in config["raspc"]["loops"]],
              [(1, 4, 100, True)])
    tap.equal(config["raspc"]["model"], raspc("dump", "--model", LLOYD, "--max-len", "12", "--dtype", "f32").stdout)


def test_residual():
    """the parts of the residual stream fill it, each with a name of its own"""
    config = config_of(compiled(LLOYD, name="real"))["raspc"]
    at = 0
    for part in config["residual"]:
        tap.equal(part["offset"], at)
        at += part["width"]
    tap.equal(at, config["width"])
    tap.equal(len({part["name"] for part in config["residual"]}), len(config["residual"]))


def test_card():
    """the model card has its metadata, the ends and the program; the program is a file too"""
    text = "# ```` a fence\ninput a: float; input t: bool; b = a + 1; v = vec(a, 2); output b, v, t;"
    path = compiled(written(text), name="real")
    with open(os.path.join(path, "README.md"), encoding="utf-8") as file:
        card = file.read()
    for key in ("license", "library_name", "tags"):
        assert f"\n{key}:" in card.split("---\n\n")[0], key
    for line in ("| `a` | (positions), floats |", "| `t` | (positions), truths |", "| `v` | (positions, 2) |"):
        assert line in card, line
    assert "`````\n" + text + "\n`````\n" in card
    with open(os.path.join(path, "program.rasp"), encoding="utf-8") as file:
        tap.equal(file.read(), text)


def test_safetensors():
    """.safetensors alone is that of the directory"""
    paths = [compiled(LLOYD, name="alone.safetensors"), os.path.join(compiled(LLOYD, name="real"), "model.safetensors")]
    first, second = [open(path, "rb").read() for path in paths]
    assert first == second
    with safetensors.safe_open(paths[0], "numpy") as file:
        metadata = file.metadata()
    tap.equal(metadata["format"], "pt")
    tap.equal(json.loads(metadata["config"]), config_of(os.path.dirname(paths[1]))["raspc"])


def test_refused_directory():
    """a directory is refused as its graph is, and nothing is written"""
    refused("v = vec(indices, 1); output v;", to="never", says="a graph without inputs")
    refused("programs/clustering/kmedians.rasp", to="never", says="is beyond the greatest float32")
    assert not os.path.exists(place("never"))


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
