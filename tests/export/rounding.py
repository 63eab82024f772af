"""How far rounding may carry what an ONNX graph of a program over real vectors gives: its condition.

The condition of a computation says what becomes of the rounding errors of its operations: to first order an output
is off by the unit roundoff times a number that depends on the program and the data alone. For a mean of squares less
the square of a mean that number is large, and iterations carry errors on; neither is estimated here by hand. It is
measured by Monte Carlo arithmetic (Parker 1997): the graph in float64, with a relative error of its own, uniform in
-NOISE .. NOISE, put behind every operation whose result float32 does not hold, and behind every such constant. A sum
of n products errs relative to the sum of their absolute values, and by sqrt(n) times as much (Higham and Mary 2019).
How far the outputs move is the condition times NOISE. No number of a float32 run is looked at.

Errors of a computation that is linear in them are nearly Gaussian. The greatest of 16 draws is more than one standard
deviation in 99.8 cases of 100, and what is beyond six of those comes once in 500 million times."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

NOISE = 2.0**-24
SAMPLES = 16
SAFETY = 6
UNIT_ROUNDOFF = {"f32": 2.0**-24, "f64": 2.0**-53}

ROUNDED = {"Add", "Sub", "Mul", "Div", "Sqrt", "Exp", "Log", "Pow", "Sin", "Cos", "Tanh", "Mod"}
SUMS = {"MatMul", "ReduceSum", "CumSum"}

options = onnxruntime.SessionOptions()
options.log_severity_level = 4
options.intra_op_num_threads = 1
as_written = onnxruntime.SessionOptions()  # a graph with errors is large, and run a few times
as_written.log_severity_level = 4
as_written.intra_op_num_threads = 1
as_written.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL


# --- the graph with errors ------------------------------------------------------------------------


def doubles(graph):
    """The names of all tensors of float64, those of the loops' bodies too."""
    values = [*graph.value_info, *graph.input, *graph.output]
    found = {value.name for value in values if value.type.tensor_type.elem_type == TensorProto.DOUBLE}
    for body in bodies(graph):
        found |= doubles(body)
    return found


def bodies(graph):
    return [attribute.g for node in graph.node for attribute in node.attribute if attribute.HasField("g")]


def with_error(exact, name, size):
    """Nodes that make `name` of `exact`: the same where float32 holds it, else off by part of `size`."""
    part = lambda text: f"{name}/{text}"
    return [
        helper.make_node("RandomUniformLike", [exact], [part("draw")], low=-1.0, high=1.0),
        helper.make_node("Mul", [size, part("draw")], [part("scaled")]),
        helper.make_node("Mul", [part("scaled"), "errors/noise"], [part("error")]),
        helper.make_node("Add", [exact, part("error")], [part("moved")]),
        helper.make_node("Cast", [exact], [part("short")], to=TensorProto.FLOAT),
        helper.make_node("Cast", [part("short")], [part("back")], to=TensorProto.DOUBLE),
        helper.make_node("Equal", [exact, part("back")], [part("held")]),
        helper.make_node("Where", [part("held"), exact, part("moved")], [name]),
    ]


def after(node):
    """The nodes in the place of one that rounds."""
    name = node.output[0]
    exact = node.output[0] = f"{name}/exact"
    out, size = [node], f"{name}/size"
    if node.op_type not in SUMS:
        return [*out, helper.make_node("Abs", [exact], [size]), *with_error(exact, name, size)]
    absolute = onnx.NodeProto()
    absolute.CopyFrom(node)
    absolute.name, absolute.output[0] = f"{node.name}/size", f"{name}/sum"
    for i in range(2 if node.op_type == "MatMul" else 1):
        out.append(helper.make_node("Abs", [node.input[i]], [f"{name}/absolute{i}"]))
        absolute.input[i] = f"{name}/absolute{i}"
    out += [absolute, helper.make_node("Mul", [f"{name}/sum", "errors/terms"], [size])]
    return out + with_error(exact, name, size)


def put_errors(graph, known):
    nodes = []
    for constant in graph.initializer:
        if constant.data_type == TensorProto.DOUBLE:
            name, constant.name = constant.name, f"{constant.name}/exact"
            nodes.append(helper.make_node("Abs", [constant.name], [f"{name}/size"]))
            nodes += with_error(constant.name, name, f"{name}/size")
    for node in graph.node:
        rounds = node.op_type in ROUNDED | SUMS and node.output[0] in known
        nodes += after(node) if rounds else [node]
    for body in bodies(graph):
        put_errors(body, known)
    del graph.node[:]
    graph.node.extend(nodes)


def noisy(path, terms):
    """The float64 graph of that file with an error behind every operation; sums are of up to `terms` numbers."""
    model = onnx.shape_inference.infer_shapes(onnx.load(path))
    put_errors(model.graph, doubles(model.graph))
    for name, number in (("errors/noise", NOISE), ("errors/terms", terms**0.5)):
        model.graph.initializer.append(helper.make_tensor(name, TensorProto.DOUBLE, [], [number]))
    return model.SerializeToString()


# --- the condition --------------------------------------------------------------------------------


def conditions(path, terms, inputs, run):
    """For each of the inputs, by the program's names, how far each output moved at most, in parts of NOISE.

    run(session, inputs): each input's outputs. They are one batch, in which every number has an error of its own, but
    for constants: these have one for all."""
    exact = onnxruntime.InferenceSession(path, options)
    moved = onnxruntime.InferenceSession(noisy(path, terms), as_written)
    onnxruntime.set_seed(1)
    rights = run(exact, inputs)
    draws = [run(moved, inputs) for _ in range(SAMPLES)]
    return [{name: max(difference(draw[i][name], right[name]) for draw in draws) / NOISE for name in right}
            for i, right in enumerate(rights)]


def difference(a, b):
    return np.abs(a.astype(float) - b.astype(float)).max()


def bound(condition, dtype):
    """What an output may differ by from eval's, which rounds in float64 itself."""
    return SAFETY * condition * (UNIT_ROUNDOFF[dtype] + UNIT_ROUNDOFF["f64"])
