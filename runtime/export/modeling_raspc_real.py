"""A compiled RASP program over real vectors as a PyTorch module. Written by raspc.

    from modeling_raspc_real import RaspcRealModel
    model = RaspcRealModel.from_pretrained(".")
    model.run({"x": [[0, 0], [9, 0]], "is_centre": [True, False]})    # {"NAME": [values]}
    model({"x": x, "is_centre": is_centre})                           # the same of tensors, as tensors

Inputs and outputs have the program's names. A vector is (S, width) and a scalar (S), S positions; with
a batch in front, (B, S, width) and (B, S), every input of it gives what it gives alone. Shorter inputs
of a batch are filled up at their end, with any numbers; `present`, truths (B, S), says what is there.
An input of strings is, as a tensor, the number of its word among the input's `words` in config.json, or -1.

It needs torch and safetensors. transformers loads it too:
    AutoModel.from_pretrained(".", trust_remote_code=True)

Numbers come as they do in raspc's own engine: every sum goes from the first number to the last, one by
one, so that equal rows have equal scores and tie, which a matrix product does not promise; and 0 times
what is infinite is left out, so that parts of the residual stream do not touch one another.
"""

import itertools
import json
import operator
import os

import torch
from torch import nn

# --- numbers --------------------------------------------------------------------------------------


def product(x, w):
    """x w: (.., D) by (D, columns). Rows of w that are 0 everywhere are passed over, and so is every 0."""
    out = x.new_full((*x.shape[:-1], w.shape[1]), -0.0)  # to add which changes nothing, not even -0.0
    for row in w.any(1).nonzero().flatten().tolist():
        part = x[..., row, None] * w[row]
        out = out + torch.where(w[row] != 0, part, -0.0)
    return out


def ordered_sum(a):
    """Over the last dimension, which stays as one of size 1."""
    out = torch.zeros_like(a[..., 0])
    for part in a.unbind(-1):
        out = out + part
    return out[..., None]


def running_sums(a):
    """Of the last dimension: the first number, the first two, .."""
    return torch.stack(list(itertools.accumulate(a.unbind(-1))), -1)


def holds(condition):
    return condition > 0.5


# --- the operations of units ----------------------------------------------------------------------
# Of (.., rows) each, component by component where nothing else is said. Truths are 1 and 0.


def truth(function):
    return lambda *args: function(*args).to(args[0].dtype)


def remainder(a, b):
    """It has the divisor's sign, as Python's."""
    rest = torch.fmod(a, b)
    turned = torch.where((rest < 0) != (b < 0), rest + b, rest)
    return torch.where(rest == 0, torch.copysign(torch.zeros_like(b), b), turned)


def root(a):
    """Rounded once: PyTorch's own is off by a last digit in float32."""
    return torch.sqrt(a.double()).to(a.dtype)


def dot(a, b):
    return ordered_sum(a * b)


def extreme(better):
    """The number of the first component that none is better than."""

    def place(a):
        best, number = a[..., :1], torch.zeros_like(a[..., :1])
        for i in range(1, a.shape[-1]):
            wins = better(a[..., i : i + 1], best)
            best = torch.where(wins, a[..., i : i + 1], best)
            number = torch.where(wins, float(i), number)
        return number

    return place


def one_hot(a, width):
    return (a == torch.arange(width, dtype=a.dtype, device=a.device)).to(a.dtype)


def rms_norm(a):
    return a / root(dot(a, a) / a.shape[-1])


OPERATIONS = {
    "neg": torch.neg,
    "pos": lambda a: a,
    "round": torch.round,  # half to even
    "not": truth(lambda a: ~holds(a)),
    "indicator": truth(holds),
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "mod": remainder,
    "pow": torch.pow,
    "eq": truth(lambda a, b: (a == b).all(-1, keepdim=True)),  # of two vectors one truth
    "lt": truth(torch.lt),
    "le": truth(torch.le),
    "gt": truth(torch.gt),
    "ge": truth(torch.ge),
    "and": truth(lambda a, b: holds(a) & holds(b)),
    "or": truth(lambda a, b: holds(a) | holds(b)),
    "choose": lambda a, b, c: torch.where(holds(a), b, c),
    "dot": dot,
    "sum": ordered_sum,
    "norm": lambda a: root(dot(a, a)),
    "argmin": extreme(torch.lt),
    "argmax": extreme(torch.gt),
    "layernorm": lambda a: rms_norm(a - ordered_sum(a) / a.shape[-1]),
    "rmsnorm": rms_norm,
    "unit": lambda a: a / root(dot(a, a)),
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": root,
    "abs": torch.abs,
    "floor": torch.floor,
    "ceil": torch.ceil,
    "sin": torch.sin,
    "cos": torch.cos,
    "tanh": torch.tanh,
    "relu": lambda a: torch.where(a > 0, a, 0.0),
    "sign": lambda a: (a > 0).to(a.dtype) - (a < 0).to(a.dtype),
}

RELATIONS = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
    "always": lambda a, b: (a == a) | True,
    "never": lambda a, b: (a != a) & False,
}


def matrix(rows, columns):
    """A matrix without columns is not in the file."""
    return nn.Parameter(torch.zeros(rows, columns), requires_grad=False) if rows and columns else None


# --- the parts of a layer -------------------------------------------------------------------------

SCORES = 2**19  # that a head makes at a time, so that they stay in the cache


class State:
    """One run over a batch: what it has come to."""

    def __init__(self, stream, present):
        self.stream = stream  # (B, S, D)
        self.present = present  # (B, S): which positions there are
        self.active = present.new_ones(len(present))  # (B): whose rounds go on
        self.fails = torch.zeros_like(present)  # (B, S): where the program fails

    def write(self, stream):
        self.stream = torch.where(self.active[:, None, None], stream, self.stream)

    def fail(self, where, rows=slice(None)):
        """where: (B, rows)"""
        fails = self.fails.clone()
        fails[:, rows] |= where & self.present[:, rows] & self.active[:, None]
        self.fails = fails


class Head(nn.Module):
    def __init__(self, config, width):
        super().__init__()
        self.name = config["name"]
        self.normaliser = config["normaliser"]
        self.gates = config["gates"]
        self.w_q = matrix(width, config["width"])
        self.w_k = matrix(width, config["width"])
        self.w_v = matrix(width, config["values"])
        self.w_o = matrix(config["values"], width)
        self.w_gq = matrix(width, config["comparisons"])
        self.w_gk = matrix(width, config["comparisons"])

    def allowed(self, state, rows, keys):
        """(B, rows, S), a row a query: may it look at the key? keys: compared()"""
        stream = state.stream[:, rows]
        truths = [state.present[:, None, :].expand(-1, stream.shape[1], -1)]
        if self.w_gq is not None:
            queries = product(stream, self.w_gq)
        for gate in self.gates:
            if gate["kind"] == "compare":
                query, key = (side[..., gate["column"]] for side in (queries, keys))
                truths.append(RELATIONS[gate["relation"]](key[:, None, :], query[:, :, None]))
            elif gate["kind"] == "true":
                truths.append(torch.ones_like(truths[0]))
            elif gate["kind"] == "not":
                truths.append(~truths[1 + gate["a"]])
            else:
                join = {"and": operator.and_, "or": operator.or_}[gate["kind"]]
                truths.append(join(truths[1 + gate["a"]], truths[1 + gate["b"]]))
        return truths[0] & truths[-1]

    def scores(self, state, rows, keys):
        """(B, rows, keys), a row a query"""
        stream = state.stream[:, rows]
        if self.w_q is None:
            return stream.new_zeros(*stream.shape[:2], len(keys))
        query, key = product(stream, self.w_q), product(state.stream[:, keys], self.w_k)
        out = query[:, :, None, 0] * key[:, None, :, 0]
        for i in range(1, query.shape[-1]):
            out = out + query[:, :, None, i] * key[:, None, :, i]
        return out

    def compared(self, state):
        """What the gates compare of all keys (B, S, comparisons)."""
        return None if self.w_gk is None else product(state.stream, self.w_gk)

    def weigh(self, state, rows, compared):
        """Of those queries: the keys that any of them looks at; the weights (B, rows, keys), a row a query; the keys
        that take part (B, rows, keys), the others have no weight; and whether there are any, else the query reads
        what BOS has (B, rows, 1)."""
        allowed = self.allowed(state, rows, compared)
        keys = allowed.flatten(0, 1).any(0).nonzero().flatten()
        keys = keys if len(keys) else keys.new_zeros(1)  # there is always one, looked at or not
        if len(keys) < allowed.shape[-1]:
            allowed = allowed[..., keys]
        score = self.scores(state, rows, keys)
        masked = score.masked_fill(~allowed, -torch.inf)
        found = allowed.any(-1, keepdim=True)
        if self.normaliser in ("hardmax", "hardmax-first"):
            best = masked.amax(-1, keepdim=True)
            state.fail(best.isnan()[..., 0], rows)  # some score is no number, and would have to be compared
            used = allowed & (masked == best)
            if self.normaliser == "hardmax-first":
                first = used.to(torch.uint8).argmax(-1, keepdim=True)
                used = torch.zeros_like(used).scatter_(-1, first, used.gather(-1, first))
            return keys, used.to(score.dtype), used, found
        if self.normaliser == "softmax":
            weights = torch.exp(score - masked.amax(-1, keepdim=True))
        elif self.normaliser == "sparsemax":
            weights = self.simplex(masked)
        else:
            weights = score
        return keys, weights.masked_fill(~allowed, 0), allowed, found | (self.normaliser == "linear-raw")

    @staticmethod
    def simplex(score):
        """Projection onto the simplex (Martins and Astudillo 2016, algorithm 1): of the sorted scores less the greatest z
        those count with 1 + k z_k > z_1 + .. + z_k, and a threshold makes the weights sum to 1."""
        score = score - score.amax(-1, keepdim=True)
        order = score.sort(-1, descending=True).values
        sums = running_sums(order)
        number = torch.arange(1, order.shape[-1] + 1, dtype=score.dtype, device=score.device)
        within = (1 + number * order > sums).cummin(-1).values
        size = within.sum(-1, keepdim=True).clamp(min=1)
        above = score - (sums.gather(-1, size - 1) - 1) / size
        return torch.where(above < 0, 0.0, above)

    def divided(self, sums, total, found):
        """By the sum of the weights, where the normaliser has one; and whether the query found a key."""
        if self.normaliser in ("linear-raw", "sparsemax"):
            return sums, found
        return sums / total, found & (total != 0) if self.normaliser == "linear" else found

    def pattern(self, state):
        """(B, S, S): what every query attends to. What it has of BOS is in no column."""
        keys, weights, _, found = self.weigh(state, slice(None), self.compared(state))
        weights, found = self.divided(weights, ordered_sum(weights), found)
        out = weights.new_zeros(*state.present.shape, state.present.shape[1])
        out[..., keys] = torch.where(found, weights, 0.0)
        return out

    @staticmethod
    def gather(weights, used, value):
        """The weighted sums of the keys' values (B, rows, values), from the first key on."""
        keys = used.flatten(0, 1).any(0).nonzero().flatten().tolist()  # the others add 0
        finite = bool(value[:, keys].isfinite().all())
        by_key, sums = weights.transpose(1, 2).contiguous(), value.new_zeros(*weights.shape[:2], value.shape[2])
        for key in keys:
            part = by_key[:, key, :, None] * value[:, key, None]
            sums = sums + (part if finite else part.masked_fill(~used[:, :, key, None], 0))
        return sums

    def forward(self, state, bos):
        """Some queries at a time: there is never an (S, S) of many positions."""
        value = product(state.stream, self.w_v)
        value = torch.cat([value, torch.ones_like(value[..., :1])], -1)
        compared, (batch, length) = self.compared(state), state.present.shape
        size = max(1, SCORES // max(1, batch * length))  # a batch may be empty
        attended = [self.attend(state, slice(i, i + size), compared, value, bos) for i in range(0, length, size)]
        return product(torch.cat(attended, 1), self.w_o)

    def attend(self, state, rows, compared, value, bos):
        keys, weights, used, found = self.weigh(state, rows, compared)
        sums = self.gather(weights, used, value[:, keys])
        gathered, found = self.divided(sums[..., :-1], sums[..., -1:], found)
        return torch.where(found, gathered, product(bos, self.w_v))


class Unit(nn.Module):
    def __init__(self, config, width):
        super().__init__()
        self.name = config["name"]
        self.op = config["op"]
        self.target = slice(config["offset"], config["offset"] + config["width"])
        self.w_in = nn.ParameterList(matrix(width, rows) for rows in config["rows"])
        self.w_out = matrix(config["rows"][0], config["width"]) if self.op == "relus" else None

    def forward(self, stream):
        args = [product(stream, w) for w in self.w_in]
        if self.op == "relus":
            return product(OPERATIONS["relu"](*args), self.w_out)
        if self.op == "onehot":
            return one_hot(*args, self.target.stop - self.target.start)
        return OPERATIONS[self.op](*args)


class Layer(nn.Module):
    def __init__(self, config, width):
        super().__init__()
        self.heads = nn.ModuleList(Head(head, width) for head in config["heads"])
        self.units = nn.ModuleList(Unit(unit, width) for unit in config["units"])

    def attend(self, state, bos):
        heads = [head for head in self.heads if head.w_v is not None]
        if heads:
            state.write(state.stream + sum(head(state, bos) for head in heads))

    def feed_forward(self, state):
        """All units read the stream that the heads leave; what is erased is 0 before the others add."""
        stream = state.stream.clone()
        for unit in self.units:
            if unit.op == "erase":
                stream[..., unit.target] = 0
        for unit in self.units:
            if unit.op != "erase":
                stream[..., unit.target] += unit(state.stream)
        state.write(stream)


# --- the model ------------------------------------------------------------------------------------


def nested(loops, first, end, loop=0):
    """The layers first .. end - 1 with their loops: a list of layers' numbers and of (loop's number, list); and the
    number of the first loop that does not begin there."""
    items = []
    while first < end:
        if loop < len(loops) and loops[loop]["first"] == first:
            number, first = loop, first + loops[loop]["count"]
            inner, loop = nested(loops, loops[number]["first"], first, loop + 1)
            items.append((number, inner))
        else:
            items.append(first)
            first += 1
    return items, loop


class Transformer:
    """The parameters and the computation. `config` is what config.json has under "raspc"."""

    def build(self, config):
        width = config["width"]
        self.raspc = config
        self.w_e = matrix(sum(part["width"] for part in config["inputs"]), width)
        self.w_p = matrix(config["position_rows"], width)
        self.layers = nn.ModuleList(Layer(layer, width) for layer in config["layers"])
        self.w_until = matrix(width, len(config["loops"]))
        self.w_trap = matrix(width, len(config["traps"]))
        self.w_u = matrix(width, sum(part["width"] for part in config["outputs"]))
        self.order, _ = nested(config["loops"], 0, len(config["layers"]))
        self.to(getattr(torch, config["dtype"]))

    # --- what goes in

    def column(self, part, values):
        """One input as (B, S, width) numbers, and whether it came as a batch."""
        kind = "bool" if values.dtype == torch.bool else "float" if values.is_floating_point() else "int"
        if kind not in {"bool": ("bool",), "int": ("int",), "str": ("int",)}.get(part["type"], ("int", "float")):
            raise ValueError(f"'{part['name']}' is {part['type']}, not {values.dtype}")
        if part["type"] != "vec":
            values = values[..., None]
        if part["type"] == "str":
            values = one_hot(values, part["width"])
        if values.dim() not in (2, 3) or values.shape[-1] != part["width"]:
            shape = tuple(values.shape) if part["type"] == "vec" else tuple(values.shape[:-1])
            wanted = f"(sequence, {part['width']})" if part["type"] == "vec" else "(sequence)"
            raise ValueError(f"'{part['name']}' has the shape {shape}, not {wanted}, or with a batch before it")
        batched = values.dim() == 3
        given = values if batched else values[None]
        values = given.to(self.w_p)
        if part["type"] == "int" and not bool((values.to(torch.int64) == given).all()):
            raise ValueError(f"'{part['name']}' holds an integer that {values.dtype} rounds")
        if not bool(values.isfinite().all()):
            raise ValueError(f"'{part['name']}' is not finite")
        return values, batched

    def columns(self, inputs):
        """All inputs beside one another (B, S, columns), and whether they came as a batch. What the program
        declares and does not use may be among them."""
        missing = [part["name"] for part in self.raspc["inputs"] if part["name"] not in inputs]
        if missing:
            raise ValueError(f"no input '{missing[0]}'")
        columns, batched = zip(*(self.column(part, inputs[part["name"]]) for part in self.raspc["inputs"]))
        if len({values.shape[:2] for values in columns}) > 1 or len(set(batched)) > 1:
            raise ValueError("the inputs have different lengths")
        if not 0 < columns[0].shape[1] <= self.raspc["max_length"]:
            raise ValueError(f"an input has 1 to {self.raspc['max_length']} positions")
        return torch.cat(columns, -1), batched[0]

    def begin(self, columns, present):
        if present is None:
            present = torch.ones(columns.shape[:2], dtype=torch.bool, device=columns.device)
        positions = self.w_p[1:] if len(self.w_p) == 2 else self.w_p[1 : 1 + columns.shape[1]]
        return State(product(columns, self.w_e) + positions, present.bool().expand(columns.shape[:2]))

    # --- what is done

    def walk(self, state, order):
        """Runs the layers of the list; gives the number of each when it is done."""
        for item in order:
            if isinstance(item, int):
                self.step(state, item)
                yield item
            else:
                yield from self.repeat(state, *item)

    def step(self, state, number):
        self.layers[number].attend(state, self.w_p[0])
        for column, trap in enumerate(self.raspc["traps"]):
            if trap["layer"] == number:
                value, limit = product(state.stream, self.w_trap[:, column, None])[..., 0], trap["limit"]
                state.fail(value.abs() >= limit if limit else value == 0)
        self.layers[number].feed_forward(state)

    def repeat(self, state, number, order):
        """An input's rounds end after one in which `until` holds at all of its positions."""
        loop, outer = self.raspc["loops"][number], state.active
        for _ in range(loop["times"]):
            yield from self.walk(state, order)
            if loop["until"]:
                over = holds(product(state.stream, self.w_until[:, number, None])[..., 0])
                state.active = state.active & (~over & state.present).any(-1)
                if not bool(state.active.any()):
                    break
        state.active = outer

    def streams(self, inputs, present=None):
        """The residual stream (B, S, D): after the embedding, then after every layer that is run."""
        state = self.begin(self.columns(inputs)[0], present)
        yield state.stream
        for _ in self.walk(state, self.order):
            yield state.stream

    def direction(self, stream, name):
        """The part of the residual stream that has this name: (B, S, width)."""
        for part in self.raspc["residual"]:
            if part["name"] == name:
                return stream[..., part["offset"] : part["offset"] + part["width"]]
        raise KeyError(name)

    # --- what comes out

    def compute(self, inputs, present=None):
        """The outputs by name, and truths, ([B], S): where the program fails."""
        columns, batched = self.columns(inputs)
        state = self.begin(columns, present)
        for _ in self.walk(state, self.order):
            pass
        outputs, numbers = {}, product(state.stream, self.w_u)
        for part in self.raspc["outputs"]:
            value, numbers = numbers[..., : part["width"]], numbers[..., part["width"] :]
            state.fail(~value.isfinite().all(-1))
            if part["type"] == "int":
                state.fail(value[..., 0].abs() >= 2 / torch.finfo(value.dtype).eps)
            value = self.decode(part, value)
            outputs[part["name"]] = value if batched else value[0]
        return outputs, state.fails if batched else state.fails[0]

    def decode(self, part, value):
        if part["type"] == "vec":
            return value
        if part["type"] == "bool":
            return holds(value)[..., 0]
        return value[..., 0].round().long() if part["type"] == "int" else value[..., 0]

    def outputs(self, inputs, present=None):
        outputs, fails = self.compute(inputs, present)
        if bool(fails.any()):
            raise ArithmeticError(f"the program fails at {fails.nonzero().tolist()}")
        return outputs

    def run(self, inputs):
        """What the program gives, as lists, of inputs that are lists."""
        outputs = self.outputs({name: self.tensor(name, values) for name, values in inputs.items()})
        return {name: value.tolist() for name, value in outputs.items()}

    def tensor(self, name, values):
        """Lists of numbers are floats, though they may be written as ints."""
        part = next((part for part in self.raspc["inputs"] if part["name"] == name), {"type": "float"})
        if part["type"] == "str":
            numbers = {word: number for number, word in enumerate(part["words"])}
            values = [numbers.get(word, -1) for word in values]
        whole = part["type"] in ("bool", "int", "str")
        return torch.tensor(values, dtype=None if whole else self.w_p.dtype, device=self.w_p.device)


class RaspcRealModel(Transformer, nn.Module):
    def __init__(self, config):
        super().__init__()
        self.build(config)

    @classmethod
    def from_pretrained(cls, directory):
        from safetensors.torch import load_file

        with open(os.path.join(directory, "config.json"), encoding="utf-8") as file:
            model = cls(json.load(file)["raspc"])
        model.load_state_dict(load_file(os.path.join(directory, "model.safetensors")))
        return model.eval()

    def forward(self, inputs, present=None):
        return self.outputs(inputs, present)


try:
    from transformers import PretrainedConfig, PreTrainedModel
except ImportError:
    pass
else:

    class RaspcRealConfig(PretrainedConfig):
        model_type = "raspc_real"

        def __init__(self, raspc=None, **rest):
            self.raspc = raspc
            super().__init__(**rest)

    class RaspcRealPretrained(Transformer, PreTrainedModel):
        config_class = RaspcRealConfig

        def __init__(self, config):
            PreTrainedModel.__init__(self, config)
            self.build(config.raspc)
            self.post_init()

        def _init_weights(self, module):
            """Every weight comes from the file."""

        def forward(self, inputs, present=None, **_):
            return self.outputs(inputs, present)
