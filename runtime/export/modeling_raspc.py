"""A compiled RASP program as a PyTorch module. Written by raspc.

    from modeling_raspc import RaspcModel
    model = RaspcModel.from_pretrained(".")
    model.run("hello")          # {"NAME": [values]}

It needs torch and safetensors. With transformers it is a token classifier too, and where the program
is causal (no position attends to a later one) a causal language model:
    AutoModelForTokenClassification.from_pretrained(".", trust_remote_code=True)
    AutoModelForCausalLM.from_pretrained(".", trust_remote_code=True)

Token numbers: 0 is BOS and begins every input, then 1 + the token's place in the vocabulary; the last
one is PAD. The scale of every attention score is in its query matrix: nothing is divided by a root.
"""

import json
import operator
import os

import torch
from torch import nn


def _atom(value):
    """JSON has no infinities and no NaN: raspc writes {"float": "inf"}."""
    return float(value["float"]) if isinstance(value, dict) else value


# What follows on the values that the logits say, as Python computes it.
_STEPS = {
    "neg": operator.neg,
    "pos": operator.pos,
    "round": round,
    "not": operator.not_,
    "indicator": lambda a: int(bool(a)),
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "eq": operator.eq,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "and": lambda a, b: bool(a and b),
    "or": lambda a, b: bool(a or b),
    "choose": lambda a, b, c: b if a else c,
}


def _matrix(*shape):
    return nn.Parameter(torch.zeros(*shape), requires_grad=False)


class Head(nn.Module):
    def __init__(self, config, width):
        super().__init__()
        self.name = config["name"]
        self.mask = config["mask"]  # key position - query position: [least, greatest]
        head_width = config["width"]
        self.w_q = _matrix(width, head_width)
        self.w_k = _matrix(width, head_width)
        self.w_v = _matrix(width, head_width)
        self.w_o = _matrix(head_width, width)

    def allowed(self, rows, attended):
        """(B, S, S): may the query look at the key? The null key (row 0) is never masked."""
        query, key = rows[:, None], rows[None, :]
        within = torch.ones_like(key - query, dtype=torch.bool)
        least, greatest = self.mask
        if least is not None:
            within &= key - query >= least
        if greatest is not None:
            within &= key - query <= greatest
        return (within & attended[:, None, :]) | (key == 0)

    def pattern(self, stream, rows, attended):
        """(B, S, S): what every query attends to."""
        score = (stream @ self.w_q) @ (stream @ self.w_k).transpose(1, 2)
        lowest = torch.finfo(score.dtype).min
        return score.masked_fill(~self.allowed(rows, attended), lowest).softmax(-1)

    def forward(self, stream, rows, attended):
        return self.pattern(stream, rows, attended) @ (stream @ self.w_v) @ self.w_o


class FeedForward(nn.Module):
    def __init__(self, width, units):
        super().__init__()
        self.w_in = _matrix(width, units)
        self.b_in = _matrix(units)
        self.w_out = _matrix(units, width)
        self.b_out = _matrix(width)

    def forward(self, stream):
        return torch.relu(stream @ self.w_in + self.b_in) @ self.w_out + self.b_out


class Layer(nn.Module):
    def __init__(self, config, width):
        super().__init__()
        self.heads = nn.ModuleList(Head(head, width) for head in config["heads"])
        self.feed_forward = FeedForward(width, config["units"]) if config["units"] else None

    def forward(self, stream, rows, attended):
        stream = stream + sum(head(stream, rows, attended) for head in self.heads)
        return stream if self.feed_forward is None else stream + self.feed_forward(stream)


class Transformer:
    """The parameters and the computation. `config` is what config.json has under "raspc"."""

    def build(self, config):
        width = config["width"]
        output = config["output"]
        readings = output.get("readings", [output])
        outputs = output["logits"] + len(output["traps"]) + sum("mixed" in reading for reading in readings)
        self.raspc = config
        self.w_e = _matrix(len(config["vocabulary"]) + 2, width)
        self.w_p = _matrix(config["max_length"] + 1, width)
        self.layers = nn.ModuleList(Layer(layer, width) for layer in config["layers"])
        self.w_u = _matrix(width, outputs)
        self.b_u = _matrix(outputs)
        self.to(getattr(torch, config["dtype"]))

    @property
    def pad(self):
        return len(self.raspc["vocabulary"]) + 1

    def check(self, input_ids):
        if input_ids.shape[1] > self.raspc["max_length"] + 1:
            raise ValueError(f"longer than the model: at most {self.raspc['max_length']} tokens after BOS")
        if not bool((input_ids[:, 0] == 0).all()):
            raise ValueError("an input begins with BOS (0)")

    def streams(self, input_ids, attention_mask=None):
        """The residual stream (B, S, D): after the embedding, then after every layer."""
        self.check(input_ids)
        rows = torch.arange(input_ids.shape[1], device=input_ids.device)
        attended = input_ids != self.pad
        if attention_mask is not None:
            attended = attended & attention_mask.bool()
        stream = self.w_e[input_ids] + self.w_p[rows]
        yield stream
        for layer in self.layers:
            stream = layer(stream, rows, attended)
            yield stream

    def scores(self, input_ids, attention_mask=None):
        """(B, S, logits, then one a trap, then those that tell kinds of number apart)"""
        for stream in self.streams(input_ids, attention_mask):
            pass
        return stream @ self.w_u + self.b_u

    def direction(self, stream, name):
        """The part of the residual stream that has this name: (B, S, width)."""
        for part in self.raspc["residual"]:
            if part["name"] == name:
                return stream[..., part["offset"] : part["offset"] + part["width"]]
        raise KeyError(name)

    def encode(self, tokens):
        """Tokens (a list, or a string: its characters) as token numbers, BOS in front: (S)"""
        known = enumerate(map(_atom, self.raspc["vocabulary"]))
        numbers = {(type(token), token): i + 1 for i, token in known}
        return torch.tensor([0] + [numbers[type(token), token] for token in tokens])

    def decode(self, scores):
        """The values at one input's positions, (S, outputs) without BOS; None where there is none."""
        output = self.raspc["output"]
        count = output["logits"]
        end = count + len(output["traps"])
        values = [
            None
            if bool((row[count:end] >= 0.5).any())
            else self._value(output, row[:count], row[end:].tolist())
            for row in scores
        ]
        texts = {isinstance(value, str) for value in values if value is not None}
        return values if len(texts) < 2 else [None] * len(values)  # strings and numbers

    def _value(self, output, row, exact):
        if output["decode"] == "steps":
            return self._computed(output, row, exact)
        if output["decode"] == "atoms":
            best = int(row.argmax())
            sure = float(row[best]) > 0.75 and best not in output["labels_undefined"]
            return _atom(output["labels"][best]) if sure else None
        number = float(row[0])
        if "mixed" in output and float(exact[0]) > 0.5:  # of one position, not a mean
            return bool(round(number)) if output["mixed"] == "bool" else round(number)
        if output["decode"] == "fraction":
            candidates = [round(number * d) / d for d in range(1, output["denominator"] + 1)]
            return min(candidates, key=lambda candidate: abs(candidate - number))
        if abs(number - round(number)) >= 0.25:
            return None
        return round(number) if output["decode"] == "integer" else float(round(number))

    def _computed(self, output, row, exact):
        values = []
        for reading in output["readings"]:
            mine = [exact.pop(0)] if "mixed" in reading else []
            values.append(self._value(reading, row[: reading["logits"]], mine))
            row = row[reading["logits"] :]
        if None in values:
            return None
        for step in output["steps"]:
            arguments = [values[number] for number in step["args"]]
            try:
                values.append(_atom(step["value"]) if step["op"] == "const" else _STEPS[step["op"]](*arguments))
            except ZeroDivisionError:
                return None
        return values[-1]

    def run(self, tokens):
        """What the program gives for one input, by the name of its output."""
        ids = self.encode(tokens)[None]
        return {self.raspc["output"]["name"]: self.decode(self.scores(ids)[0, 1:])}


class RaspcModel(Transformer, nn.Module):
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

    def forward(self, input_ids, attention_mask=None):
        return self.scores(input_ids, attention_mask)


try:
    from transformers import GenerationMixin, PretrainedConfig, PreTrainedModel
    from transformers.modeling_outputs import CausalLMOutput, TokenClassifierOutput
except ImportError:
    pass
else:

    class RaspcConfig(PretrainedConfig):
        model_type = "raspc"

        def __init__(self, raspc=None, **rest):
            self.raspc = raspc
            super().__init__(**rest)

    class Pretrained(Transformer, PreTrainedModel):
        config_class = RaspcConfig

        def __init__(self, config):
            PreTrainedModel.__init__(self, config)
            self.build(config.raspc)
            self.post_init()

        def _init_weights(self, module):
            """Every weight comes from the file."""

        def values(self, input_ids, attention_mask):
            """(B, S, logits of the values)"""
            scores = self.scores(input_ids, attention_mask)
            return scores[..., : self.raspc["output"]["logits"]]

    class RaspcForTokenClassification(Pretrained):
        def forward(self, input_ids, attention_mask=None, **_):
            return TokenClassifierOutput(logits=self.values(input_ids, attention_mask))

    class RaspcForCausalLM(Pretrained, GenerationMixin):
        """The value at a position, where it is a token, is the one that comes next."""

        def __init__(self, config):
            if not config.raspc["causal"]:
                raise ValueError("the model is not causal: it attends to later positions")
            super().__init__(config)
            self.tokens = self.tokens_of_labels()

        def tokens_of_labels(self):
            """The token number of every logit (PAD: where the program fails); None: not all are tokens."""
            output = self.raspc["output"]
            if output["decode"] != "atoms":
                return None
            known = enumerate(map(_atom, self.raspc["vocabulary"]))
            numbers = {(type(token), token): i + 1 for i, token in known}
            tokens = []
            for i, label in enumerate(map(_atom, output["labels"])):
                fails = i in output["labels_undefined"]
                tokens.append(self.pad if fails else numbers.get((type(label), label)))
            return None if None in tokens else tokens

        def forward(self, input_ids, attention_mask=None, **_):
            values = self.values(input_ids, attention_mask)
            if self.tokens is None:
                return CausalLMOutput(logits=values)
            # A value stands out by 1: here by so much that every other token has weight 0.
            logits = values.new_full((*values.shape[:2], self.config.vocab_size), -256.0)
            tokens = torch.tensor(self.tokens, device=values.device).expand(values.shape)
            return CausalLMOutput(logits=logits.scatter_reduce(-1, tokens, 256 * values, "amax"))

        def prepare_inputs_for_generation(self, input_ids, attention_mask=None, **_):
            if self.tokens is None:
                raise ValueError("the program's values are no tokens: there is nothing to generate")
            return {"input_ids": input_ids, "attention_mask": attention_mask}
