"""The command under test, and programs to try it on."""

import glob
import json
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


def evaluated(program, inputs):
    """What eval, the definition, gives for each input; None where the program fails."""
    with open(place("inputs.json"), "w", encoding="utf-8") as file:
        file.write("\n".join(json.dumps(tokens) for tokens in inputs))
    said = raspc("run", program, "--engine", "eval", "--json", "-i", "@" + place("inputs.json"))
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


def same(got, wanted):
    """Equal values of equal types: 1 is not 1.0, and not True."""
    return len(got) == len(wanted) and all(
        type(g) is type(w) and (g == w or (g != g and w != w)) for g, w in zip(got, wanted)
    )


class Example:
    """A program with a vocabulary, a greatest length and inputs: those of its own checks, and random ones."""

    def __init__(self, program, count=24):
        with open(program, encoding="utf-8") as file:
            text = file.read()
        self.program = program
        checked = []
        for literal in re.findall(r'\w\(("[^"\n]*"|\[[^\[\]\n]*\])\)', text):
            try:
                tokens = list(json.loads(literal.replace("True", "true").replace("False", "false")))
            except ValueError:
                continue
            if tokens and tokens not in checked:
                checked.append(tokens)
        if not checked:
            checked = [list("hello")]
        words = {json.dumps(token): token for tokens in checked for token in tokens}
        self.vocabulary = list(words.values())
        self.length = max(len(tokens) for tokens in checked)
        choice = random.Random(program)
        drawn = [
            [choice.choice(self.vocabulary) for _ in range(choice.randint(1, self.length))]
            for _ in range(count)
        ]
        self.inputs = [tokens for i, tokens in enumerate(checked + drawn)
                       if tokens not in (checked + drawn)[:i]]

    def numbers(self, tokens):
        """Token numbers, BOS in front."""
        known = {json.dumps(token): i + 1 for i, token in enumerate(self.vocabulary)}
        return [0] + [known[json.dumps(token)] for token in tokens]

    def batch(self):
        """All inputs, padded to the longest."""
        rows = [self.numbers(tokens) for tokens in self.inputs]
        width = max(map(len, rows))
        return [row + [len(self.vocabulary) + 1] * (width - len(row)) for row in rows]


def programs():
    return sorted(glob.glob("programs/**/*.rasp", recursive=True))
