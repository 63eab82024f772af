"""One pass over the same weights: interp, ONNX Runtime on one thread, numpy. Prints a table."""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy as np
import onnxruntime

RASPC, BENCH = sys.argv[1:3]
CASES = [("reverse", "programs/basics/reverse.rasp", "reverse", "abcdefgh"),
         ("hist", "programs/counting/histogram.rasp", "hist", "abcdefgh"),
         ("sort", "bench/sort.rasp", "sorted", "abcdefgh"),
         ("shuffle Dyck-3", "bench/peers/dyck.rasp", "shuffle_dyck3", "()[]{}")]
LENGTHS = [128, 512, 1000]
RUNS = 5


def seconds(work):
    samples = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        samples.append(time.process_time() - start)
    return statistics.median(samples)


def softmax(scores):
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def numpy_pass(arrays, layers, ids):
    """As docs/exports.md has it, the masks made in the same way."""
    row = np.arange(len(ids))
    distance = row[None, :] - row[:, None]
    stream = arrays["w_e"][ids] + arrays["w_p"][row]
    for l, layer in enumerate(layers):
        update = 0
        for h, head in enumerate(layer["heads"]):
            q, k, v, o = (arrays[f"layers.{l}.heads.{h}.w_{part}"] for part in "qkvo")
            low, high = (limit if limit is not None else default
                         for limit, default in zip(head["mask"], (-np.inf, np.inf)))
            seen = (distance >= low) & (distance <= high)
            seen[0, :] = seen[:, 0] = True
            scores = np.where(seen, (stream @ q) @ (stream @ k).T, np.float32(-np.inf))
            update = update + softmax(scores) @ (stream @ v) @ o
        stream = stream + update
        if layer["units"]:
            w_in, b_in, w_out, b_out = (arrays[f"layers.{l}.feed_forward.{name}"]
                                        for name in ("w_in", "b_in", "w_out", "b_out"))
            stream = stream + np.maximum(stream @ w_in + b_in, 0) @ w_out + b_out
    return stream @ arrays["w_u"] + arrays["b_u"]


def measure(program, sop, vocabulary, length, scratch):
    text = "".join(random.Random(length).choice(vocabulary) for _ in range(length))
    ids = [0] + [1 + vocabulary.index(letter) for letter in text]
    files = {kind: os.path.join(scratch, f"{sop}{length}.{kind}") for kind in ("onnx", "npz")}
    for path in files.values():
        subprocess.run([RASPC, "compile", program, "-n", sop, "-o", path, "--vocab", vocabulary,
                        "--max-len", str(length)], check=True, stdout=subprocess.DEVNULL)
    ours = subprocess.run([BENCH, program, sop, vocabulary], input=text, text=True, check=True,
                          stdout=subprocess.PIPE)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    session = onnxruntime.InferenceSession(files["onnx"], options, providers=["CPUExecutionProvider"])
    feed = {"input_ids": np.array([ids], dtype=np.int64)}
    with np.load(files["npz"]) as file:
        arrays = {name: file[name] for name in file.files}
    layers = json.loads(bytes(arrays["config"]))["layers"]
    for path in files.values():
        os.remove(path)
    return (float(ours.stdout), seconds(lambda: session.run(None, feed)),
            seconds(lambda: numpy_pass(arrays, layers, ids)))


print("| program | length | interp | ONNX Runtime | numpy | ONNX Runtime / interp | numpy / interp |")
print("|---|---|---|---|---|---|---|")
with tempfile.TemporaryDirectory() as scratch:
    for name, program, sop, vocabulary in CASES:
        for length in LENGTHS:
            ours, onnx, numpy = measure(program, sop, vocabulary, length, scratch)
            print(f"| {name} | {length} | {ours * 1e3:.2f} ms | {onnx * 1e3:.2f} ms | {numpy * 1e3:.2f} ms "
                  f"| {onnx / ours:.1f} | {numpy / ours:.1f} |", flush=True)
