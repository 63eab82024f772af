"""Runs a program, and shows what its loop's names hold after every round.

The rounds are written out: the loop becomes a `for`, which raspc unrolls, and each round's values get names of
their own, which are the outputs. The loop as it stands must give what the last round gives, bit for bit.
"""

import json
import os
import re
import subprocess
import tempfile

import numpy as np

RASPC = os.environ.get("RASPC", "build/raspc")
ENGINE = os.environ.get("ENGINE", "eval")


def source(program):
    with open(f"programs/{program}.rasp", encoding="utf-8") as file:
        return file.read()


def outputs_of(text):
    return re.search(r"^output (.*);$", text, re.M).group(1).split(", ")


def written_out(text, count):
    """The program without its checks; output NAME of round r (from 1) is NAME_r."""
    names = outputs_of(text)
    head, loop = re.split(r"^repeat [^{]*\{$", text[:text.index("\noutput ")], flags=re.M)
    body, end = loop.split("\n}\n") if "\n}\n" in loop else (loop.rstrip().removesuffix("}"), "")
    keep = f"    history = history + [[{', '.join(names)}]];\n"
    named = [f"{name}_{r + 1} = history[{r}][{i}];" for r in range(count) for i, name in enumerate(names)]
    shown = ", ".join(f"{name}_{r + 1}" for r in range(count) for name in names)
    return (f"{head}history = [];\nfor round_number in range({count}) {{{body}\n{keep}}}\n{end}"
            + "\n".join(named) + f"\noutput {shown};\n")


def run(path, inputs, params, engine=ENGINE):
    """{output: array} of the program at that path."""
    words = [RASPC, "run", path, "--json", "--engine", engine]
    with tempfile.TemporaryDirectory() as scratch:
        for name, value in inputs.items():
            file = os.path.join(scratch, name + ".npy")
            np.save(file, np.ascontiguousarray(value))
            words += ["-i", f"{name}=@{file}"]
        for name, value in params.items():
            words += ["--param", f"{name}={json.dumps(value)}"]
        said = subprocess.run(words, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    results = json.loads(said.stdout)["results"]
    return {name: np.array(result["values"]) for name, result in results.items()}


def run_text(text, inputs, params, engine=ENGINE):
    with tempfile.NamedTemporaryFile("w", suffix=".rasp", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        return run(file.name, inputs, params, engine)


def rounds(program, inputs, params, count=30, engine=ENGINE):
    """[{output: array}], a round each."""
    text = source(program)
    names = outputs_of(text)
    found = run_text(written_out(text, count), inputs, params, engine)
    each = [{name: found[f"{name}_{r}"] for name in names} for r in range(1, count + 1)]
    looped = run(f"programs/{program}.rasp", inputs, {**params, "rounds": count}, engine)
    for name in names:
        # Native code may add up a loop's sums in another order than those of rounds that are looked at.
        same = np.array_equal(looped[name], each[-1][name]) if ENGINE != "jit" else np.allclose(
            looped[name], each[-1][name], rtol=1e-12, atol=1e-12)
        assert same, f"{name}: the loop differs from its rounds"
    return each
