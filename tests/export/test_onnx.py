"""ONNX files, read by onnx's checker and run by ONNX Runtime."""

import hashlib
import json
import re
import sys

import numpy as np
import onnx
import onnxruntime

import tap
from command import (Refused, checked, compiled, evaluated, programs, programs_with_inputs, random_programs, same,
                     tracr_cases, written)

options = onnxruntime.SessionOptions()
options.log_severity_level = 4
options.intra_op_num_threads = 1


def session(path):
    return onnxruntime.InferenceSession(path, options)


def values(model, path_session, rows):
    """The decoded values of each row, BOS and padding left out; None where they are undefined."""
    name = properties(model)["output"]
    labels = json.loads(properties(model)["labels"])
    inputs = {"input_ids": np.array(rows, dtype=np.int64)}
    got, undefined = path_session.run([name, "undefined"], inputs)
    kind = {"int": int, "bool": bool, None: None}[json.loads(properties(model)["config"])["output"].get("mixed")]
    exact = path_session.run(["exact"], inputs)[0] if kind else np.zeros_like(undefined)
    is_label = got.dtype == np.int64 and not all(type(label) is int for label in labels)
    out = []
    for row, found, bad, whole in zip(rows, got, undefined, exact):
        length = sum(number != pad(model) for number in row) - 1
        items = [labels[i] if is_label and labels else i for i in found[:length].tolist()]
        items = [kind(item) if one else item for item, one in zip(items, whole)]
        out.append(None if bad[:length].any() else items)
    return out


def properties(model):
    return {entry.key: entry.value for entry in model.metadata_props}


def pad(model):
    return len(json.loads(properties(model)["vocabulary"])) + 1


def loaded(text, vocabulary, length, *more):
    path = compiled(written(text), "one.onnx", vocabulary, length, *more)
    return onnx.load(path), session(path)


def values_of(text, tokens, length=8, vocabulary=list("abc")):
    model, run = loaded(text, vocabulary, length)
    numbers = [0] + [vocabulary.index(token) + 1 for token in tokens]
    return values(model, run, [numbers])[0]


# --- every program --------------------------------------------------------------------------------


def check_example(example):
    program = example.program
    try:
        path = compiled(program, "program.onnx", example.vocabulary, example.length)
    except Refused as refusal:
        # A refusal is no file; what can be lowered is counted by the last test.
        assert re.search(r"error\[E0(4|7)\d\d\]", str(refusal)), refusal
        refused.append(str(refusal).splitlines()[0])
        return
    exported.append(program)
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    run = session(path)
    wanted = example.wanted()
    together = values(model, run, example.batch())
    for tokens, got, want in zip(example.inputs, together, wanted):
        assert want is None and got is None or same(got or [], want or [], example.kinds), (tokens, got, want)
    alone = [values(model, run, [example.numbers(tokens)])[0] for tokens in example.inputs[:6]]
    tap.equal(alone, together[:6])


exported, refused = [], []


def cases(examples):
    for name, example in examples:
        yield f"{name}: checker, and ONNX Runtime equals eval, in a padded batch and alone", (
            lambda example=example: check_example(example))


def test_each_program():
    yield from cases((program, checked(program)) for program in programs())


def test_each_program_with_inputs():
    for program in programs_with_inputs():
        yield f"{program}: exported", skip_inputs


def skip_inputs():
    raise tap.Skipped("it has inputs of its own, and these tests feed tokens; tests/clustering tries it")


def test_each_case_of_tracr():
    yield from cases(tracr_cases())


def test_each_random_program():
    yield from cases(random_programs(60))


def test_most_programs_are_exported():
    """nine programs in ten are exported"""
    assert len(exported) >= 9 * (len(exported) + len(refused)) / 10, "\n".join(refused)


# --- traps ----------------------------------------------------------------------------------------

REVERSE = "reverse = aggregate(select(indices, length - 1 - indices, ==), tokens);"
PREVIOUS = 'same = select(tokens, tokens, ==) and select(indices, indices, <); last = aggregate(same, indices, -1);'


def test_operators():
    """opset 17 and primitive operators: no Attention, no Hardmax"""
    model, _ = loaded(REVERSE, list("abc"), 8)
    tap.equal([(item.domain, item.version) for item in model.opset_import], [("", 17)])
    used = {node.op_type for node in model.graph.node}
    assert not used & {"Attention", "MultiHeadAttention", "Hardmax", "Loop", "If"}, used


ATTENTION = {"op": ("--attention", "op"), "primitive": ("--attention", "primitive")}


def check_attention(example):
    """The same logits, and none where the other is refused."""
    try:
        paths = {how: compiled(example.program, f"{how}.onnx", example.vocabulary, example.length, *more)
                 for how, more in ATTENTION.items()}
    except Refused:
        return
    model = onnx.load(paths["op"])
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    tap.equal([item.version for item in model.opset_import], [23])
    for node in model.graph.node:
        if node.op_type == "Attention":
            scale = [attribute.f for attribute in node.attribute if attribute.name == "scale"]
            tap.equal(scale, [1.0])
    inputs = {"input_ids": np.array(example.batch())}
    one, other = (session(path).run(None, inputs) for path in paths.values())
    real = inputs["input_ids"] != pad(model)
    for a, b in zip(one[:-1], other[:-1]):
        tap.equal(a[real[:, 1:]].tolist(), b[real[:, 1:]].tolist())
    assert np.allclose(one[-1][real], other[-1][real], atol=1e-6)


def test_each_program_with_attention():
    for program in programs():
        yield f"{program}: --attention=op gives the same, its scale always set", (
            lambda program=program: check_attention(checked(program, 8)))


def test_attention_is_used():
    """--attention=op: every head is one Attention, and no Softmax is left"""
    model, _ = loaded(REVERSE, list("abc"), 8, "--attention=op")
    used = [node.op_type for node in model.graph.node]
    assert used.count("Attention") == 2 and "Softmax" not in used, used


def test_patterns():
    """--patterns: what attends to what is an output of its head's name, with either attention"""
    wanted = [[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0]]
    for more in ATTENTION.values():
        model, run = loaded("flip = select(indices, length - 1 - indices, ==); x = aggregate(flip, tokens);", list("abc"), 8,
                            "--patterns", *more)
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
        names = [output.name for output in model.graph.output]
        tap.equal(names[:3] + names[4:], ["x", "undefined", "logits", "L1/H0/flip/pattern"])
        (pattern,) = run.run(["L1/H0/flip/pattern"], {"input_ids": np.array([[0, 1, 2, 3]])})
        tap.equal(pattern[0].tolist(), wanted)


def test_no_scale():
    """no score is scaled by a default: between the score and the softmax stands only the mask"""
    model, _ = loaded(REVERSE, list("abc"), 8)
    made = {node.output[0]: node for node in model.graph.node}
    softmaxes = [node for node in model.graph.node if node.op_type == "Softmax"]
    assert softmaxes
    for node in softmaxes:
        where = made[node.input[0]]
        tap.equal(where.op_type, "Where")
        score = made[where.input[1]]
        tap.equal(score.op_type, "MatMul")
        tap.equal([made[made[score.input[1]].input[0]].op_type, made[score.input[0]].op_type], ["MatMul"] * 2)


def test_no_row_masked_whole():
    """no row is ever masked whole, and the null key is never masked, padding included"""
    model, _ = loaded(PREVIOUS, list("abc"), 6)
    masks = sorted({node.input[0] for node in model.graph.node if node.output[0].endswith("/masked_score")})
    assert masks
    for mask in masks:
        model.graph.output.append(onnx.helper.make_tensor_value_info(mask, onnx.TensorProto.BOOL, None))
    run = onnxruntime.InferenceSession(model.SerializeToString(), options)
    rows = np.array([[0, 1, 2, 3, 1], [0, 1, 4, 4, 4], [0, 4, 4, 4, 4]])
    for mask in run.run(masks, {"input_ids": rows}):
        full = np.broadcast_to(mask, (len(rows), 5, 5))
        assert full[:, :, 0].all(), "a masked null key"
        assert not full[1, 1:, 2:].any(), "padding is attended to"


def test_masks_from_positions():
    """a structural mask comes from positions: it fits every length"""
    model, run = loaded(PREVIOUS, list("abc"), 12)
    for tokens in ("a", "aab", "abcabcabcabc"):
        wanted = evaluated(written(PREVIOUS), [list(tokens)])
        assert same(values(model, run, [[0] + ["abc".index(t) + 1 for t in tokens]])[0], wanted[0])


def test_empty_selection():
    """an empty selection gives the default, not zeros of an all-masked row and not NaN"""
    tap.equal(values_of('x = aggregate(select(tokens, "z", ==), indices, 7);', "abc"), [7, 7, 7])


def test_ties():
    """tied keys are averaged"""
    tap.equal(values_of("x = aggregate(select(tokens, tokens, ==), indices);", "abab"), [1.0, 2.0, 1.0, 2.0])


def test_fractions():
    """a mean is the fraction that eval gives, bit for bit"""
    got = values_of('x = aggregate(select(indices, indices, <=), indicator(tokens == "a"));', "abacaba", 7)
    tap.equal(got, [1.0, 1 / 2, 2 / 3, 2 / 4, 3 / 5, 3 / 6, 4 / 7])


def test_zero_from_below():
    """a mean of 0.0 that float32 leaves a little below it is 0.0, not -0.0"""
    text, vocabulary = "x = aggregate(select(indices, indices, <=), tokens_float);", list(range(-3, 4))
    tokens = [-2, 1, 3, 0, 0, 0, -2, -1, 3, -3, 0, 1, 0, -3, -1, 3, 3, 1, 3, -3, 0, -2, -1, -3, 3, -2, -1, 2, 0, -2, 3]
    model, run = loaded(text, vocabulary, 32)
    numbers = [0] + [vocabulary.index(token) + 1 for token in tokens]
    logits = run.run(["logits"], {"input_ids": np.array([numbers])})[0]
    assert ((logits < 0) & (logits > -1e-4)).any(), "no mean is just below 0: the case tests nothing"
    assert same(values(model, run, [numbers])[0], evaluated(written(text), [tokens])[0])


def test_exact():
    """where a value can be an int or a mean, `exact` says which"""
    model, run = loaded('x = aggregate(select(indices, indices, <=), indicator(tokens == "a"));', list("abc"), 4)
    got, exact = run.run(["x", "exact"], {"input_ids": np.array([[0, 1, 2, 2]])})
    tap.equal([got.tolist(), exact.tolist()], [[[1.0, 0.5, 1 / 3]], [[True, False, False]]])


def test_types():
    """ints, floats and truth values come as themselves, strings as their place among the labels"""
    for text, kind, labels in [("x = indices + 1;", "tensor(int64)", None), ("x = indices / 2;", "tensor(double)", None),
                               ("x = indices > 2;", "tensor(bool)", None), ("x = tokens;", "tensor(int64)", ["a", "b", "c"])]:
        model, run = loaded(text, list("abc"), 4)
        tap.equal({o.name: o.type for o in run.get_outputs()}["x"], kind)
        if labels:
            tap.equal(json.loads(properties(model)["labels"]), labels)


def test_undefined():
    """where the program fails the output says so"""
    model, run = loaded("x = 1 / (indices - 1);", list("abc"), 4)
    got = run.run(["undefined"], {"input_ids": np.array([[0, 1, 1, 1]])})[0]
    tap.equal(got.tolist(), [[False, True, False]])


def test_shapes():
    """batch and sequence are dynamic, and shape inference agrees"""
    model, run = loaded(REVERSE, list("abc"), 8)
    tap.equal({i.name: i.shape for i in run.get_inputs()}, {"input_ids": ["batch", "sequence"]})
    tap.equal({i.name: i.type for i in run.get_inputs()}, {"input_ids": "tensor(int64)"})
    tap.equal({o.name: o.shape for o in run.get_outputs()},
              {"reverse": ["batch", "length"], "undefined": ["batch", "length"], "logits": ["batch", "sequence", 3]})
    for batch, length in [(1, 1), (3, 8), (7, 2)]:
        got = run.run(None, {"input_ids": np.array([[0] + [1] * length] * batch)})
        tap.equal([part.shape for part in got], [(batch, length), (batch, length), (batch, length + 1, 3)])


def test_attention_mask():
    """attention_mask may be left out, and does what PAD does"""
    model, run = loaded(REVERSE, list("abc"), 8)
    padded = run.run(["reverse"], {"input_ids": np.array([[0, 1, 2, 4, 4]])})[0][0, :2]
    masked = run.run(["reverse"], {"input_ids": np.array([[0, 1, 2, 3, 3]]),
                                   "attention_mask": np.array([[1, 1, 1, 0, 0]])})[0][0, :2]
    tap.equal(padded.tolist(), [1, 0])
    tap.equal(masked.tolist(), [1, 0])


def refuses(run, rows):
    try:
        run.run(None, {"input_ids": np.array(rows)})
    except Exception as error:
        return "out of data bounds" in str(error)
    return False


def test_bad_inputs():
    """an input without BOS, one too long and an unknown token are refused by the runtime"""
    _, run = loaded(REVERSE, list("abc"), 4)
    assert not refuses(run, [[0, 1, 2, 3, 1]])
    assert refuses(run, [[1, 2, 3]]), "no BOS"
    assert refuses(run, [[0, 1, 2], [1, 2, 3]]), "no BOS in one"
    assert refuses(run, [[0, 1, 2, 3, 1, 1]]), "too long"
    assert refuses(run, [[0, 5]]), "unknown token"


def test_names():
    """nodes and tensors are named after their source"""
    model, _ = loaded("opposite = length - 1 - indices; flip = select(indices, opposite, ==);"
                      "reverse = aggregate(flip, tokens);", list("abc"), 8)
    names = [node.name for node in model.graph.node]
    assert len(set(names)) == len(names), "twice the same name"
    for node in model.graph.node:
        tap.equal([node.name], list(node.output))
    assert any(name.endswith("/flip/pattern") for name in names), names
    tap.equal(model.graph.name, "reverse")


def test_metadata():
    """producer, source, its SHA-256, vocabulary, greatest length"""
    text = "# é\n" + REVERSE
    model, _ = loaded(text, ["a", "b", 3, 2.5, True], 8)
    found = properties(model)
    tap.equal(model.producer_name, "raspc")
    tap.equal(found["source"], text)
    tap.equal(found["source_sha256"], hashlib.sha256(text.encode()).hexdigest())
    tap.equal(json.loads(found["vocabulary"]), ["a", "b", 3, 2.5, True])
    tap.equal([found["max_length"], found["causal"]], ["8", "false"])
    tap.equal(json.loads(found["certificate"])["max_length"], 8)
    tap.equal(json.loads(found["config"])["output"]["name"], "reverse")


def test_hash_lengths():
    """the SHA-256 is right for every length around a block"""
    for length in (1, 54, 55, 56, 63, 64, 65, 119, 120, 1000):
        text = "x = indices;#" + "y" * (length - 13) if length > 13 else "x=1+indices;"
        model, _ = loaded(text, list("a"), 2)
        tap.equal(properties(model)["source_sha256"], hashlib.sha256(text.encode()).hexdigest())


def test_reserved_names():
    """an output of a reserved name gives way"""
    model, run = loaded("logits = indices + 1;", list("a"), 3)
    tap.equal(properties(model)["output"], "logits_")
    tap.equal(run.run(["logits_"], {"input_ids": np.array([[0, 1, 1]])})[0].tolist(), [[1, 2]])


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
