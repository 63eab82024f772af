"""The files for TransformerLens, run by its native transformer's arithmetic written down in numpy: scores are
divided by sqrt(d_head), sizes are uniform, the read-out has no bias. test_torch.py asks the library itself."""

import json
import os
import sys

import numpy as np
import safetensors.numpy

import tap
from command import Example, Refused, checked, compiled, evaluated, programs, same, written
from test_weights import softmax

ORDER = "before = select(indices, indices, <) and select(tokens, tokens, ==); x = selector_width(before);"
MIXED = ORDER + "y = aggregate(select(indices, length - 1 - indices, ==), x);"
CAUSAL = "x = selector_width(select(indices, indices, <=) and select(tokens, tokens, ==));"


def loaded(program, vocabulary, length, *options):
    path = compiled(program, "lens", vocabulary, length, "--layout", "transformer-lens", *options)
    with open(os.path.join(path, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    with open(os.path.join(path, "raspc.json"), encoding="utf-8") as file:
        named = json.load(file)
    return config, safetensors.numpy.load_file(os.path.join(path, "model.safetensors")), named


def native(config, state, numbers):
    """NativeModel.forward of one input: (S, d_vocab_out)"""
    count, size = config["n_heads"], config["d_head"]
    stream = state["embed.weight"][numbers] + state["pos_embed.weight"][: len(numbers)]
    hidden = np.triu(np.ones((len(numbers), len(numbers)), dtype=bool), 1)
    for l in range(config["n_layers"]):

        def project(part):
            out = stream @ state[f"blocks.{l}.attn.{part}.weight"].T + state[f"blocks.{l}.attn.{part}.bias"]
            return out.reshape(len(numbers), count, size).transpose(1, 0, 2)

        score = project("q") @ project("k").transpose(0, 2, 1) / np.float32(size) ** np.float32(0.5)
        if config["attention_dir"] == "causal":
            score = np.where(hidden, -np.inf, score)
        gathered = (softmax(score) @ project("v")).transpose(1, 0, 2).reshape(len(numbers), count * size)
        stream = stream + gathered @ state[f"blocks.{l}.attn.o.weight"].T + state[f"blocks.{l}.attn.o.bias"]
        inner = np.maximum(stream @ state[f"blocks.{l}.mlp.in.weight"].T + state[f"blocks.{l}.mlp.in.bias"], 0)
        stream = stream + inner @ state[f"blocks.{l}.mlp.out.weight"].T + state[f"blocks.{l}.mlp.out.bias"]
    return stream @ state["unembed.weight"].T


def computed(output, logits, first_exact):
    """What a read-out's steps give; None where they fail"""
    first, columns = 0, []
    for reading in output["readings"]:
        last = first + reading["logits"]
        parts = [logits[:, first:last]]
        if "mixed" in reading:
            parts.append(logits[:, first_exact : first_exact + 1])
            first_exact += 1
        columns.append(decoded({"output": {**reading, "traps": []}}, np.concatenate(parts, axis=1)))
        first = last
    if None in columns:
        return None
    try:
        return [value_of_steps(output["steps"], list(values)) for values in zip(*columns)]
    except ZeroDivisionError:
        return None


def value_of_steps(steps, values):
    for step in steps:
        match step["op"], [values[i] for i in step["args"]]:
            case "const", []: values.append(step["value"])
            case "neg", [a]: values.append(-a)
            case "pos", [a]: values.append(+a)
            case "round", [a]: values.append(round(a))
            case "not", [a]: values.append(not a)
            case "indicator", [a]: values.append(int(bool(a)))
            case "add", [a, b]: values.append(a + b)
            case "sub", [a, b]: values.append(a - b)
            case "mul", [a, b]: values.append(a * b)
            case "div", [a, b]: values.append(a / b)
            case "eq", [a, b]: values.append(a == b)
            case "lt", [a, b]: values.append(a < b)
            case "le", [a, b]: values.append(a <= b)
            case "gt", [a, b]: values.append(a > b)
            case "ge", [a, b]: values.append(a >= b)
            case "and", [a, b]: values.append(bool(a and b))
            case "or", [a, b]: values.append(bool(a or b))
            case "choose", [a, b, c]: values.append(b if a else c)
    return values[-1]


def decoded(named, logits):
    """None where the program fails"""
    output = named["output"]
    count, traps = output["logits"], len(output["traps"])
    if (logits[:, count : count + traps] >= 0.5).any():
        return None
    if output["decode"] == "steps":
        return computed(output, logits, count + traps)
    if "mixed" in output:
        kind = {"int": int, "bool": bool}[output["mixed"]]
        alone = {"output": {key: item for key, item in output.items() if key not in ("mixed", "traps")} | {"traps": []}}
        floats = decoded(alone, logits[:, :count])
        return [kind(round(value)) if exact else value for value, exact in zip(floats, logits[:, -1] > 0.5)]
    if output["decode"] == "atoms":
        best = logits[:, :count].argmax(-1)
        if set(best.tolist()) & set(output["labels_undefined"]) or (logits[:, :count].max(-1) <= 0.75).any():
            return None
        return [output["labels"][i] for i in best]
    if output["decode"] == "fraction":
        return [min((round(x * d) / d for d in range(1, output["denominator"] + 1)), key=lambda y: abs(y - x))
                for x in logits[:, 0].astype(float)]
    if (abs(logits[:, 0] - np.rint(logits[:, 0])) >= 0.25).any():
        return None
    return np.rint(logits[:, 0]).astype(int if output["decode"] == "integer" else float).tolist()


def check_program(program, example):
    try:
        config, state, named = loaded(program, example.vocabulary, example.length)
    except Refused:
        return False
    for tokens, wanted in zip(example.inputs, example.wanted()):
        got = decoded(named, native(config, state, example.numbers(tokens))[1:])
        assert wanted is None and got is None or same(got or [], wanted or []), (tokens, got, wanted)
    return True


def test_each_program():
    for program in programs():
        yield f"{program}: the native arithmetic equals eval", (
            lambda program=program: check_program(program, checked(program, 4)))


def of(text, length=6):
    return loaded(written(text), list("abc"), length)


def check_text(text):
    inputs = [list(word) for word in ("a", "aa", "abcabc", "ccbbaa", "bab")]
    example = Example(written(text), list("abc"), 6, inputs)
    assert check_program(example.program, example)


def test_config():
    """config: exactly the keys of boot_native"""
    config, state, named = of(MIXED)
    tap.equal(sorted(config), sorted("d_model d_head n_heads n_layers n_ctx d_vocab d_vocab_out d_mlp act_fn "
              "normalization_type attention_dir positional_embedding_type default_prepend_bos seed".split()))
    tap.equal(config["act_fn"], "relu")
    tap.equal(config["normalization_type"], None)
    tap.equal(config["n_ctx"], 7)


def test_scale():
    """trap: 1/sqrt(d_head) is folded into W_Q, and d_head is a power of four, so that the fold is exact"""
    config, state, named = of(MIXED)
    assert config["d_head"] in [4**n for n in range(12)], config["d_head"]
    check_text(MIXED)


def test_no_head_bias():
    """trap: the read-out has no bias: offsets ride on the constant direction"""
    for text in ("x = 5 - indices;", "x = 1 if tokens == \"a\" else 0.25;", MIXED):
        config, state, named = of(text)
        assert not state["unembed.bias"].any()
        check_text(text)


def test_no_feed_forward():
    """trap: a layer without feed-forward gets a zero one: d_mlp is never 0"""
    config, state, named = of("x = aggregate(select(indices, 0, ==), tokens);")
    assert config["d_mlp"] >= 1
    check_text("x = aggregate(select(indices, 0, ==), tokens);")


def test_no_layers():
    """a program without attention gets a layer of zeros"""
    config, state, named = of('x = tokens == "a";')
    tap.equal(config["n_layers"], 1)
    check_text('x = tokens == "a";')


def test_uniform():
    """trap: heads, d_head and d_mlp are uniform, padded with zeros; raspc.json names the heads that are not"""
    config, state, named = of(MIXED)
    for l, layer in enumerate(named["layers"]):
        assert len(layer["heads"]) <= config["n_heads"]
        query = state[f"blocks.{l}.attn.q.weight"].reshape(config["n_heads"], config["d_head"], -1)
        assert query[: len(layer["heads"])].any(axis=(1, 2)).all()
        assert not query[len(layer["heads"]) :].any()


def test_readme():
    """trap: enable_compatibility_mode folds and centres; the README says so, and that PAD would be attended to"""
    path = compiled(written(MIXED), "lens", list("abc"), 6, "--layout", "transformer-lens")
    with open(os.path.join(path, "README.md"), encoding="utf-8") as file:
        text = file.read()
    assert "`enable_compatibility_mode()` folds" in text and "PAD would be attended to" in text, text


def test_causal():
    """a program whose heads look back alone is causal there, without scores for masks"""
    config, state, named = of(CAUSAL)
    tap.equal([head["mask"] for layer in named["layers"] for head in layer["heads"]], [[None, 0]])
    tap.equal([config["attention_dir"], config["d_model"]], ["causal", named["width"]])
    check_text(CAUSAL)


def test_causal_model():
    """a causal model is causal there whatever its masks are, and a prefix does not depend on what follows"""
    text = CAUSAL + "y = aggregate(select(indices, indices, <) and select(tokens, tokens, ==), x);"
    config, state, named = loaded(written(text), list("abc"), 6, "--causal")
    masks = [head["mask"] for layer in named["layers"] for head in layer["heads"]]
    assert [None, -1] in masks and all(mask[1] <= 0 for mask in masks), masks
    tap.equal([config["attention_dir"], config["default_prepend_bos"]], ["causal", True])
    whole = native(config, state, [0, 1, 2, 1, 3, 1, 2])
    for length in range(1, 7):
        assert (native(config, state, [0, 1, 2, 1, 3, 1, 2][:length]) == whole[:length]).all(), length
    wanted = evaluated(written(text), [list("abacab")])[0]
    assert same(decoded(named, whole[1:]), wanted), whole


def test_masks():
    """trap: other masks are scores, and no row is masked whole"""
    config, state, named = of(MIXED)
    masks = [head["mask"] for layer in named["layers"] for head in layer["heads"]]
    assert any(mask not in ([None, None], [None, 0]) for mask in masks), masks
    tap.equal([config["attention_dir"], config["d_model"]], ["bidirectional", named["width"] + 6])
    check_text(MIXED)


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
