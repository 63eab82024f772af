"""What the experiments share: runs of raspc on arrays, tables, verdicts and pictures."""

import os
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
RASPC = os.environ.get("RASPC", os.path.join(BUILD, "raspc"))
RESULTS = os.path.join(BUILD, "papers")

try:
    import numpy as np
except ImportError:  # started alone, with the system's Python: go on in the project's own (make venv)
    python = os.path.join(os.environ.get("VENV", os.path.join(ROOT, "build", "venv")), "bin", "python")
    if os.path.abspath(sys.executable) == os.path.abspath(python) or not os.path.exists(python):
        sys.exit("no numpy: make venv")
    os.execv(python, [python, *sys.argv])

QUICK = "--quick" in sys.argv[1:]


class Raspc:
    """Runs programs of a folder on arrays. All computation that is measured is done there."""

    def __init__(self, programs="programs/clustering", engine="jit"):
        self.programs = os.path.join(ROOT, programs)
        self.engine = engine
        self.folder = tempfile.TemporaryDirectory()
        self.cache = os.path.join(RESULTS, "cache")  # params are compiled in, data are not
        os.makedirs(RESULTS, exist_ok=True)

    def file(self, name):
        return os.path.join(self.folder.name, name)

    def given(self, name, value):
        """The text by which an array, a number or raspc's own text is given on the command line."""
        if isinstance(value, np.ndarray):
            np.save(self.file(name), value)
            return f"{name}=@{self.file(name)}.npy"
        return f"{name}={value}"

    def run(self, program, inputs, outputs, plot=None, axes=None, **params):
        """The outputs as arrays, in the order that they are asked for. params: those of the program."""
        command = [RASPC, "run", os.path.join(self.programs, program + ".rasp"),
                   "--engine", self.engine, "--cache", self.cache]
        for name, value in inputs.items():
            command += ["-i", self.given(name, value)]
        for name, value in params.items():
            command += ["--param", self.given(name, value)]
        for name in outputs:
            command += ["--output", f"{name}={self.file('out.' + name)}.npy"]
        if plot:
            os.makedirs(RESULTS, exist_ok=True)
            command += ["--plot", os.path.join(RESULTS, plot)]
        said = subprocess.run(command, capture_output=True, text=True, timeout=3600)
        if said.returncode != 0:
            sys.exit(" ".join(command) + "\n" + said.stderr)
        return [np.load(self.file("out." + name) + ".npy") for name in outputs]


class Served:
    """The same in one process, where a program is compiled once for its params (serve.c)."""

    def __init__(self):
        command = os.path.join(BUILD, "serve-papers")
        if not os.path.exists(command):
            sys.exit(f"no {os.path.relpath(command)}: make {os.path.relpath(command)}")
        self.process = subprocess.Popen([command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)

    def run(self, program, centres, points, output, **params):
        """The output, which is as wide as the points, at the centres and then the points."""
        x = np.ascontiguousarray(np.concatenate([centres, points]), dtype=float)
        words = [f"programs/clustering/{program}.rasp", *x.shape, len(centres), output, *(f"{name}={value}" for name, value in params.items())]
        self.process.stdin.write(" ".join(map(str, words)).encode() + b"\n" + x.tobytes())
        self.process.stdin.flush()
        answer = self.process.stdout.read(x.nbytes)
        if len(answer) != x.nbytes:
            sys.exit(f"{program}: serve-papers ended")
        return np.frombuffer(answer).reshape(x.shape)


def with_centres(centres, points):
    """The inputs of a clustering program: where the centres start, then the points."""
    return {"x": np.ascontiguousarray(np.concatenate([centres, points])),
            "is_centre": f"true*{len(centres)}+false*"}


# --- what a direct computation gives ------------------------------------------------------------


def squares(points, centres):
    """(n, k): the squared distances, coordinate by coordinate."""
    away = np.zeros((len(points), len(centres)))
    for i in range(points.shape[1]):
        away += (points[:, i, None].astype(float) - centres[None, :, i]) ** 2
    return away


def objective(points, centres):
    """What k-means makes small: the sum of the squared distances to the nearest centre."""
    return squares(points, centres).min(1).sum()


def lloyd_step(points, centres):
    """One iteration: of equally near centres the first; one without points stays."""
    owner = squares(points, centres).argmin(1)
    count = np.bincount(owner, minlength=len(centres))
    total = np.stack([np.bincount(owner, points[:, i].astype(float), len(centres))
                      for i in range(points.shape[1])], 1)
    return np.where(count[:, None] > 0, total / np.maximum(count, 1)[:, None], centres)


# --- what is printed ----------------------------------------------------------------------------


def table(title, head, rows):
    """A table in Markdown, its columns aligned."""
    cells = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    print(f"\n{title}\n")
    print("\n".join(lines), flush=True)


def verdict(name, holds, text):
    """The last line. An experiment that does not hold ends with status 1."""
    print(f"\n{name}: {'holds' if holds else 'DOES NOT HOLD'}: {text}")
    sys.exit(0 if holds else 1)


# --- pictures -----------------------------------------------------------------------------------

COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"]
WIDTH, HEIGHT, MARGIN = 560, 360, 60


def ticks(low, high, count=5):
    """Round numbers between the two."""
    step = (high - low) / count or 1.0
    size = 10.0 ** np.floor(np.log10(step))
    step = size * min((1, 2, 5, 10), key=lambda m: abs(m * size - step))
    return np.arange(np.ceil(low / step), np.floor(high / step + 1e-9) + 1) * step


def plot(name, title, x_label, y_label, lines, dots=()):
    """An SVG file of lines, and of dots: each (label, xs, ys)."""
    every = [*lines, *dots]
    xs = np.concatenate([np.asarray(x, float) for _, x, _ in every])
    ys = np.concatenate([np.asarray(y, float) for _, _, y in every])
    (x0, x1), (y0, y1) = (xs.min(), xs.max()), (ys.min(), ys.max())
    y0, y1 = y0 - 0.05 * (y1 - y0 or 1), y1 + 0.05 * (y1 - y0 or 1)

    def at(x, y):
        return (MARGIN + (x - x0) / (x1 - x0 or 1) * (WIDTH - 2 * MARGIN),
                HEIGHT - MARGIN - (y - y0) / (y1 - y0) * (HEIGHT - 2 * MARGIN))

    def text(x, y, words, anchor="middle", rest=""):
        return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{rest}>{words}</text>'

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           'font-family="sans-serif" font-size="12">',
           f'<title>{title}</title><rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           text(WIDTH / 2, 24, title, rest=' font-size="14"'), text(WIDTH / 2, HEIGHT - 14, x_label),
           text(16, HEIGHT / 2, y_label, rest=f' transform="rotate(-90 16 {HEIGHT / 2:.0f})"')]
    for tick in ticks(y0, y1):
        x, y = at(x0, tick)
        out += [f'<path d="M{x:.1f} {y:.1f}H{WIDTH - MARGIN}" stroke="#ddd"/>', text(x - 6, y + 4, f"{tick:.4g}", "end")]
    for tick in ticks(x0, x1):
        x, y = at(tick, y0)
        out += [f'<path d="M{x:.1f} {y:.1f}v5" stroke="#888"/>', text(x, y + 18, f"{tick:.4g}")]
    for i, (label, x, y) in enumerate(every):
        colour = COLOURS[i % len(COLOURS)]
        places = [at(a, b) for a, b in zip(x, y)]
        if i < len(lines):
            path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
            out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        else:
            out += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}" fill-opacity="0.6"/>' for a, b in places]
        out.append(text(WIDTH - MARGIN, MARGIN - 10 + 16 * i, label, "end", f' fill="{colour}"'))
    os.makedirs(RESULTS, exist_ok=True)
    path = os.path.join(RESULTS, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n</svg>\n")
    print(f"\nplot: {os.path.relpath(path)}")
