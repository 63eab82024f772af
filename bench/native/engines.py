"""The engines side by side on the programs of cases.c, from 100 tokens to a million: a table and a picture.

engines.py BENCH_JIT RASPC TABLE PICTURE [LABEL...]: runs the programs with these labels (all, when none is given), and
writes the table (Markdown) and the picture (SVG, of those in PICTURED). CPU seconds, medians, all in one run.
RASP_REFERENCE names a checkout of the published interpreter (bench/README.md); without it its column stays empty.

An engine goes on to longer inputs until it takes more than LIMIT seconds or MEMORY, or refuses."""

import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from chart import chart

LENGTHS = (100, 1000, 10_000, 100_000, 1_000_000)
LIMIT = 120  # seconds for a process that measures one engine at one length
MEMORY = 12 << 30
RUNS = 11
REFERENCE, ONNX, DENSE, PAIRS, JIT = "reference", "ONNX Runtime", "interp", "all pairs in C", "jit"
ENGINES = {REFERENCE: "#6e7781", ONNX: "#cc79a7", DENSE: "#d55e00", PAIRS: "#009e73", JIT: "#0072b2"}
PICTURED = ("histogram", "sort", "Dyck-3")


class Spent:
    """A process that has run: what it cost, and what it wrote."""

    def __init__(self, command, typed="", directory=None):
        start = time.monotonic()
        with tempfile.TemporaryFile("w+") as into, tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            into.write(typed)
            into.seek(0)
            process = subprocess.Popen(command, stdin=into, stdout=out, stderr=err, cwd=directory,
                                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)))
            timer = threading.Timer(LIMIT, process.kill)
            timer.start()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            timer.cancel()
            out.seek(0)
            err.seek(0)
            self.said, self.complaint = out.read(), err.read().strip()
        self.wall = time.monotonic() - start
        self.cpu = usage.ru_utime + usage.ru_stime
        self.megabytes = usage.ru_maxrss / 1024
        self.fine = process.returncode == 0
        if self.wall >= LIMIT:
            self.complaint = f"more than {LIMIT} s"
        elif not self.fine and not self.complaint:
            self.complaint = f"ended with {process.returncode}"


class Case:
    def __init__(self, described):
        self.label, self.path, self.name = (described[part] for part in ("label", "path", "name"))
        self.tokens = list(described["letters"]) if "letters" in described else list(range(described["integers"]))

    def numbers(self, n):
        """The token numbers of case_input (cases.c)."""
        state, out = 12345, []
        for _ in range(n):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            out.append((state >> 33) % len(self.tokens))
        return out

    def given(self, n, scratch):
        """The words that give an input of that length to raspc."""
        tokens = [self.tokens[number] for number in self.numbers(n)]
        path = os.path.join(scratch, "input.json" if isinstance(tokens[0], int) else "input.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write(json.dumps(tokens) if isinstance(tokens[0], int) else "".join(tokens))
        return ["-i", "@" + path, "--whole"] if path.endswith("txt") else ["-i", "@" + path]

    def typed(self, n):
        """The same as the reference reads it."""
        tokens = [self.tokens[number] for number in self.numbers(n)]
        return str(tokens) if isinstance(tokens[0], int) else '"' + "".join(tokens) + '"'


# --- the engines: {"work": CPU seconds, ...}, or {"why": ...} -------------------------------------------------------


def reference(case, n, scratch):
    checkout = os.environ.get("RASP_REFERENCE")
    if not checkout:
        return {"why": "RASP_REFERENCE is not set"}
    path = os.path.join(scratch, "program.rasp")
    with open(case.path, encoding="utf-8") as program, open(path, "w", encoding="utf-8") as copy:
        copy.writelines(line for line in program if not line.startswith("check "))
    # It computes every definition's example, which must suit the program.
    example = "0123" if isinstance(case.tokens[0], int) else "hello"
    opening = f'set example "{example}"\nexamples off\nload "{path.removesuffix(".rasp")}";\n'
    command = ["python3", "-m", "RASP_support"]
    samples = []
    for _ in range(3 if n < 1000 else 1):
        alone = Spent(command, opening, checkout)
        whole = Spent(command, f"{opening}{case.name}({case.typed(n)});\n", checkout)
        if not whole.fine or " =  [" not in whole.said:
            return {"why": whole.complaint or whole.said[-200:].strip() or "no result"}
        samples.append(whole.cpu - alone.cpu)
    work = statistics.median(samples)
    row = {"first": whole.wall, "megabytes": whole.megabytes}
    # Less than its start varies by is no measurement.
    return {**row, "work": work} if work > 0.01 else {**row, "why": "too little beside its start to be measured"}


def onnx(case, n, scratch):
    path, ids = os.path.join(scratch, "model.onnx"), os.path.join(scratch, "ids.json")
    with open(ids, "w", encoding="utf-8") as file:
        json.dump([0] + [1 + number for number in case.numbers(n)], file)
    tried = []
    for dtype in ("f32", "f64"):  # float64 where float32 has no exact weights
        tried.append(Spent([RASPC, "compile", case.path, "-n", case.name, "-o", path, "--vocab", json.dumps(case.tokens),
                            "--max-len", str(n), "--dtype", dtype]))
        if tried[-1].fine:
            break
    made = tried[-1]
    if not made.fine:
        return {"why": tried[0].complaint}
    ran = Spent([sys.executable, __file__, "--onnx", path, ids])
    os.remove(path)
    if not ran.fine:
        return {"why": ran.complaint}
    return {"work": float(ran.said), "first": made.wall + ran.wall, "megabytes": ran.megabytes, "f64": dtype == "f64"}


def run_onnx(path, ids):
    """In a process of its own."""
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    with open(ids, encoding="utf-8") as file:
        feed = {"input_ids": numpy.array([json.load(file)], dtype=numpy.int64)}
    samples = []
    while len(samples) < RUNS and sum(samples) < 2:
        start = time.process_time()
        session.run(None, feed)
        samples.append(time.process_time() - start)
    print(statistics.median(samples))


def measured(case, n, how):
    spent = Spent([BENCH, how, case.label, str(n)])
    if not spent.fine:
        return {"why": spent.complaint}
    row = json.loads(spent.said)
    if row["differs"]:
        sys.exit(f"{case.label}, n = {n}: the loop over all pairs gives another result than the jit")
    # A process that measured loops too: its row says what the jit alone held.
    row["megabytes"] = row["megabytes"] or spent.megabytes
    return row if row["work"] >= 0 else {"why": row["why"]}


def first_result(case, n, scratch, engine):
    """From starting the command to its end, the input read from a file and the result written."""
    spent = Spent([RASPC, "run", case.path, "-o", case.name, "--engine", engine, *case.given(n, scratch)])
    return spent.wall if spent.fine else None


def measure(case):
    """{engine: {n: what was measured}}, and why an engine ended."""
    found, ended = {engine: {} for engine in ENGINES}, {}
    for n in LENGTHS:
        with tempfile.TemporaryDirectory() as scratch:
            native = measured(case, n, "--jit")
            rows = {REFERENCE: lambda: reference(case, n, scratch), ONNX: lambda: onnx(case, n, scratch),
                    DENSE: lambda: measured(case, n, "--dense"), JIT: lambda: native,
                    PAIRS: lambda: {"work": native["loop"]} if native.get("loop", -1) >= 0 else {"why": "it would take minutes"}}
            for engine, row in rows.items():
                if engine in ended:
                    continue
                row = row()
                if "work" not in row:
                    if "first" not in row:  # it did not even run
                        ended[engine] = (n, row["why"])
                    continue
                found[engine][n] = row
                if engine in (JIT, DENSE):
                    row["first"] = first_result(case, n, scratch, {JIT: "jit", DENSE: "interp"}[engine])
                print(f"{case.label}, n = {n}, {engine}: {shown(row['work'])}", file=sys.stderr, flush=True)
    return found, ended


# --- what is written ---------------------------------------------------------------------------------------------


def shown(s):
    if s is None:
        return ""
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if s >= size or unit == "µs":
            return f"{s / size:.3g} {unit}"


def times(ratio):
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"


def growth(rows):
    """The exponent between the longest length and one a hundredth of it, or the next nearest."""
    lengths = sorted(rows)
    if len(lengths) < 2:
        return ""
    first = max((n for n in lengths if n <= lengths[-1] // 100), default=lengths[0])
    return f"{math.log(rows[lengths[-1]]['work'] / rows[first]['work']) / math.log(lengths[-1] / first):.2f}"


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|---" + "|--:" * (len(head) - 1) + "|"
    for row in rows:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"
    yield ""


def section(case, found, ended):
    """One program: work, and what it takes to get there."""
    used = [engine for engine in ENGINES if found[engine]]
    yield f"## {case.label}\n"
    yield f"`{case.path}`, `{case.name}`\n"
    rows = [[f"{n:,}"] + [shown(found[engine].get(n, {}).get("work")) for engine in used]
            + [times(found[PAIRS][n]["work"] / found[JIT][n]["work"]) if n in found[PAIRS] else ""]
            for n in LENGTHS if n in found[JIT]]
    rows.append(["grows as n to the"] + [growth(found[engine]) for engine in used] + [""])
    yield from table(["n", *used, "all pairs / jit"], rows)
    memory = [engine for engine in (REFERENCE, ONNX, DENSE, JIT) if found[engine]]
    rows = [[f"{n:,}", shown(row["lower"]), shown(row["compile"])]
            + [shown(found[engine].get(n, {}).get("first")) for engine in memory]
            + [f"{found[engine][n]['megabytes']:.0f}" if n in found[engine] else "" for engine in memory]
            for n, row in found[JIT].items()]
    yield from table(["n", "lowering", "jit compiling", *(f"first result, {engine}" for engine in memory),
                      *(f"MB, {engine}" for engine in memory)], rows)
    doubles = [f"{engine} from n = {min(n for n, row in found[engine].items() if row.get('f64')):,}"
               for engine in (ONNX, DENSE) if any(row.get("f64") for row in found[engine].values())]
    if doubles:
        yield f"float64 weights: {', '.join(doubles)}.\n"
    for engine, (n, why) in ended.items():
        yield f"- {engine}, n = {n:,}: {why.splitlines()[0][:200]}"
    yield ""


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores; one thread for ONNX Runtime"


def write(path, content):
    with open(path, "w", encoding="utf-8") as file:
        file.write(content)


def main(table_path, picture, labels):
    cases = [Case(described) for described in json.loads(Spent([BENCH, "--cases"]).said)]
    if labels:
        cases = [case for case in cases if case.label in labels]
    load = os.getloadavg()[0]
    results = [(case, *measure(case)) for case in cases]
    lines = ["# The engines side by side", "",
             "Written by `make bench-engines`; [README.md](../README.md#the-engines-side-by-side) says what is measured. CPU time, medians.",
             "", f"Machine: {machine()}. Its load was {load:.1f} at the start and {os.getloadavg()[0]:.1f} at the end.", ""]
    summary = []
    for case, found, _ in results:
        cell = lambda engine, n: shown(found[engine].get(n, {}).get("work"))
        summary.append([case.label, *(cell(engine, 1000) for engine in ENGINES), cell(PAIRS, 100_000), cell(JIT, 100_000),
                        cell(JIT, 1_000_000), growth(found[JIT])])
    lines += table(["program", *(f"{engine}, n = 1,000" for engine in ENGINES), f"{PAIRS}, 100,000", f"{JIT}, 100,000",
                    f"{JIT}, 1,000,000", "jit grows as n to the"], summary)
    for result in results:
        lines += section(*result)
    write(table_path, "\n".join(lines).rstrip() + "\n")
    panels = [(case.label, {engine: [(n, row["work"]) for n, row in found[engine].items()] for engine in ENGINES
                            if found[engine]}) for case, found, _ in results if case.label in PICTURED]
    if panels:
        write(picture, chart("CPU time over the number of tokens", panels, ENGINES, LENGTHS))


if sys.argv[1] == "--onnx":
    run_onnx(*sys.argv[2:])
else:
    BENCH, RASPC = sys.argv[1:3]
    main(sys.argv[3], sys.argv[4], sys.argv[5:])
