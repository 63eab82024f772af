"""The command under test, and programs to try it on."""

import glob
import json
import math
import os
import random
import re
import subprocess
import tempfile

RASPC = os.environ.get("RASPC", os.path.abspath("build/raspc"))
scratch = tempfile.TemporaryDirectory()


class Refused(Exception):
    """raspc ended with an error: its messages."""


def raspc(*arguments, **rest):
    return subprocess.run([RASPC, *arguments], capture_output=True, text=True, **rest)


def place(name):
    return os.path.join(scratch.name, name)


def written(text, name="program.rasp"):
    """A file that holds the program."""
    with open(place(name), "w", encoding="utf-8") as file:
        file.write(text)
    return place(name)


def compiled(program, name, vocabulary, length, *options):
    """The path of what compile wrote."""
    path = place(name)
    said = raspc("compile", program, "-o", path, "--vocab", json.dumps(vocabulary), "--max-len",
                 str(length), *options)
    if said.returncode != 0:
        raise Refused(said.stderr)
    return path


def evaluated(program, inputs, engine="eval", options=()):
    """What the engine (eval: the definition) gives for each input; None where the program fails."""
    with open(place("inputs.json"), "w", encoding="utf-8") as file:
        file.write("\n".join(json.dumps(tokens) for tokens in inputs))
    said = raspc("run", program, "--engine", engine, "--json", "-i", "@" + place("inputs.json"), *options)
    found = {}
    for line in said.stdout.splitlines():
        item = json.loads(line)
        tokens = item["input"]
        (result,) = item["results"].values()
        found[json.dumps(list(tokens))] = [value(v) for v in result["values"]]
    return [found.get(json.dumps(tokens)) for tokens in inputs]


def value(item):
    """JSON has no infinities: {"float": "inf"}."""
    return float(item["float"]) if isinstance(item, dict) else item


def same(got, wanted, kinds=True):
    """Equal values of equal types: 1 is not True, 0.0 is not -0.0, and with kinds 1 is not 1.0."""

    def alike(g, w):
        if type(g) is not type(w):
            return not kinds and {type(g), type(w)} == {int, float} and g == w
        if type(g) is not float:
            return g == w
        return (g == w and math.copysign(1, g) == math.copysign(1, w)) or (g != g and w != w)

    return len(got) == len(wanted) and all(alike(g, w) for g, w in zip(got, wanted))


class Example:
    """A program with a vocabulary, a greatest length and inputs: some of its own, and random ones."""

    def __init__(self, program, vocabulary, length, inputs, count=24):
        self.program, self.vocabulary, self.length = program, vocabulary, length
        self.kinds = True  # ints and floats are told apart
        choice = random.Random(os.path.basename(program))
        drawn = [
            [choice.choice(vocabulary) for _ in range(choice.randint(1, length))] for _ in range(count)
        ]
        texts = dict.fromkeys(json.dumps(tokens) for tokens in inputs + drawn)  # True is not 1 there
        self.inputs = [json.loads(text) for text in texts]

    def wanted(self):
        """What eval gives. Where it fails in a part that the result does not show, what the weights give."""
        model = ["--vocab", json.dumps(self.vocabulary), "--max-len", str(self.length)]
        by_eval = evaluated(self.program, self.inputs)
        if None not in by_eval:
            return by_eval
        by_interp = evaluated(self.program, self.inputs, "interp", model)
        return [one if one is not None else other for one, other in zip(by_eval, by_interp)]

    def numbers(self, tokens):
        """Token numbers, BOS in front."""
        known = {json.dumps(token): i + 1 for i, token in enumerate(self.vocabulary)}
        return [0] + [known[json.dumps(token)] for token in tokens]

    def batch(self):
        """All inputs, padded to the longest."""
        rows = [self.numbers(tokens) for tokens in self.inputs]
        width = max(map(len, rows))
        return [row + [len(self.vocabulary) + 1] * (width - len(row)) for row in rows]


def checked(program, count=24):
    """The example of a program: what its check statements apply it to."""
    with open(program, encoding="utf-8") as file:
        text = file.read()
    inputs = []
    for literal in re.findall(r'\w\(("[^"\n]*"|\[[^\[\]\n]*\])\)', text):
        try:
            tokens = list(json.loads(literal.replace("True", "true").replace("False", "false")))
        except ValueError:
            continue
        if tokens:
            inputs.append(tokens)
    inputs = inputs or [list("hello")]
    words = dict.fromkeys(json.dumps(token) for tokens in inputs for token in tokens)
    return Example(program, [json.loads(word) for word in words], max(map(len, inputs)), inputs, count)


def programs():
    """The programs of tokens. Those with inputs of their own are not read by these tests (programs_with_inputs)."""
    return [path for path in all_programs() if not has_inputs(path)]


def programs_with_inputs():
    return [path for path in all_programs() if has_inputs(path)]


def all_programs():
    return sorted(glob.glob("programs/**/*.rasp", recursive=True))


def has_inputs(path):
    with open(path, encoding="utf-8") as file:
        return any(line.startswith("input ") for line in file)


def tracr_cases():
    """(name, example) of every case of Tracr's test list (tests/tracr)."""
    with open("tests/conformance/tracr.jsonl", encoding="utf-8") as file:
        for line in file:
            case = json.loads(line)
            name = case["name"]
            while not os.path.exists(f"tests/tracr/{name}.rasp"):
                name = name.rpartition("_")[0]
            yield case["name"], Example(f"tests/tracr/{name}.rasp", case["vocab"], case["max_seq_len"],
                                        [case["input"]] if case["input"] else [])


def random_programs(count):
    """(name, example) of well-typed random programs: the first line of each says its vocabulary and length."""
    generator = os.path.join(os.environ.get("BUILD", "build"), "test-random")
    for seed in range(1, count + 1):
        text = subprocess.run([generator, "--show", str(seed)], capture_output=True, text=True, check=True).stdout
        length, vocabulary = re.match(r"# model: --max-len (\d+) --vocab '(.*)'\n", text).groups()
        program = written(text, f"random{seed}.rasp")
        example = Example(program, json.loads(vocabulary), int(length), [])
        # The weights of a few programs do not tell kinds apart (tests/random/found/open).
        example.kinds = False
        yield f"random program {seed}", example
