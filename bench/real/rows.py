"""Lloyd's k-means on many rows of a file, as a user runs it: how long, and how much memory.

rows.py RASPC [ROWS [THREADS]]: points of 16 components in a .npy file of doubles, which is mapped; 64 centres,
three rounds; the labels go into a .npy file. Resident memory counts what the run has touched of the mapped file."""

import os
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np

D, K, ROUNDS, CHUNK = 16, 64, 3, 1 << 18


def write_points(path, rows):
    """Sums of two uniform numbers, part by part: this process stays small."""
    x = np.lib.format.open_memmap(path, "w+", np.float64, (rows, D))
    rng = np.random.default_rng(1)
    for start in range(0, rows, CHUNK):
        part = x[start : start + CHUNK]
        part[:] = rng.random(part.shape) + rng.random(part.shape) - 1
    x.flush()


def peak_of(pid):
    """Peaks in MiB, of all resident memory and now of what is mapped from files; 0, 0 once it has ended."""
    try:
        with open(f"/proc/{pid}/status") as status:
            sizes = dict(line.split(":", 1) for line in status)
        return tuple(int(sizes[name].split()[0]) / 1024 for name in ("VmHWM", "RssFile"))
    except (KeyError, OSError):
        return 0, 0


def main():
    raspc, rows, threads = sys.argv[1:] + ["10000000", "1"][len(sys.argv) - 2 :]
    rows = int(rows)
    with tempfile.TemporaryDirectory(prefix="bench-rows-") as folder:
        x, mark, labels = (os.path.join(folder, name) for name in ("x.npy", "mark.npy", "labels.npy"))
        write_points(x, rows)
        np.save(mark, np.arange(rows) < K)
        command = [raspc, "run", "programs/clustering/lloyd.rasp", "-i", f"x=@{x}", "-i", f"is_centre=@{mark}"]
        command += ["--param", f"rounds={ROUNDS}", "--engine", "jit", "--threads", threads, "-o", "owner", "--output", labels]
        start, most, file = time.perf_counter(), 0, 0
        run = subprocess.Popen(command)
        while run.poll() is None:
            now = peak_of(run.pid)
            most, file = max(most, now[0]), max(file, now[1])
            time.sleep(0.002)
        seconds = time.perf_counter() - start
        if run.returncode != 0:
            sys.exit("raspc failed")
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        found = np.load(labels)
        assert found.shape == (rows,) and found.min() >= 0 and found.max() < K
        print("| rows | threads | seconds | of CPU | resident, MiB | of it mapped |\n|---|---|---|---|---|---|")
        cpu = used.ru_utime + used.ru_stime
        print(f"| {rows:,} | {threads} | {seconds:.2f} | {cpu:.2f} | {most:.0f} | {file:.0f} |")


main()
