"""Lloyd's iteration, one of EM and softmax attention: native code beside scikit-learn, OpenBLAS, faiss and ONNX Runtime.

compare.py BENCH_REAL [THREADS [lloyd|em|attention]...]: one run, same data and start, medians. One thread: CPU seconds of the process;
more threads: wall seconds. Shares of the peak are of a loop of fused multiply-adds on registers.
OpenBLAS is the one that numpy brings; its row has the product and the arg-max, without the sums."""

import os
import subprocess
import sys
import tempfile
import time

THREADS = int(sys.argv[2]) if len(sys.argv) > 2 else 1
PARTS = sys.argv[3:] or ["lloyd", "em", "attention"]
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(THREADS)

import numpy as np  # noqa: E402  (after the number of threads is set)
import warnings  # noqa: E402
import faiss  # noqa: E402
from sklearn.cluster import KMeans  # noqa: E402
from sklearn.mixture import GaussianMixture  # noqa: E402

warnings.filterwarnings("ignore")
faiss.omp_set_num_threads(THREADS)

RUNS = 7
N = 100_000
FEW, MANY = 2, 12


def scratch(name):
    """A file of this run alone."""
    return os.path.join(tempfile.gettempdir(), f"bench-real-{os.getpid()}-{name}")


def clock():
    return time.process_time() if THREADS == 1 else time.perf_counter()


def median_of(work, runs=RUNS):
    samples = []
    for _ in range(runs):
        start = clock()
        work()
        samples.append(clock() - start)
    return float(np.median(samples))


def scikit_learn(x, starts):
    """Many iterations less few, an iteration."""

    def run(rounds):
        KMeans(len(starts), init=starts, n_init=1, max_iter=rounds, tol=0, algorithm="lloyd").fit(x)

    run(FEW)
    return (median_of(lambda: run(MANY)) - median_of(lambda: run(FEW))) / (MANY - FEW)


def faiss_lloyd(x, starts):
    """The same in faiss, which has float32 alone; its sample of the points is all of them."""
    k, d = starts.shape

    def run(rounds):
        clustering = faiss.Clustering(d, k)
        clustering.niter, clustering.max_points_per_centroid = rounds, len(x)
        faiss.copy_array_to_vector(starts.ravel(), clustering.centroids)
        clustering.train(x, faiss.IndexFlatL2(d))

    run(FEW)
    return (median_of(lambda: run(MANY)) - median_of(lambda: run(FEW))) / (MANY - FEW)


def scikit_learn_em(x, starts):
    """The same of Gaussians with a variance a direction, which start at 1."""
    k = len(starts)
    start = dict(weights_init=np.full(k, 1 / k), means_init=starts, precisions_init=np.ones_like(starts))

    def run(rounds):
        GaussianMixture(k, covariance_type="diag", tol=0, reg_covar=0, max_iter=rounds, **start).fit(x)

    run(FEW)
    return (median_of(lambda: run(MANY), 3) - median_of(lambda: run(FEW), 3)) / (MANY - FEW)


def openblas(x, starts):
    """The product and the arg-max, without the sums."""
    scores = np.empty((len(x), len(starts)), x.dtype)
    half = (starts * starts).sum(1) / 2

    def run():
        np.matmul(x, starts.T, out=scores)
        np.subtract(scores, half, out=scores)
        scores.argmax(1)

    run()
    return median_of(run)


def ours(bench, what, dtype, k, d, path):
    out = subprocess.run(
        [bench, what, dtype, str(k), str(d), str(THREADS), path], check=True, capture_output=True
    )
    return float(out.stdout)


def peak(bench, dtype):
    """GFLOP/s of all threads."""
    out = subprocess.run([bench, "peak", dtype], check=True, capture_output=True)
    return float(out.stdout) / 1e9 * THREADS


def mixtures(bench):
    """EM in float64: a row's products are 4 n k d operations in each of the two steps."""
    print("\n| k, d | raspc | scikit-learn | ratio | share of peak |\n|---|---|---|---|---|")
    top = peak(bench, "f64")
    for k, d in ((64, 16), (16, 16), (64, 64)):
        rng = np.random.default_rng(1)
        x = rng.random((N, d)) + rng.random((N, d)) - 1
        path = scratch(f"{d}.f64")
        x.tofile(path)
        mine = ours(bench, "em", "f64", k, d, path)
        learn = scikit_learn_em(x, x[:k])
        os.remove(path)
        share = 8 * N * k * d / mine / 1e9 / top
        print(
            f"| {k}, {d} | {mine * 1e3:.1f} | {learn * 1e3:.1f} | {learn / mine:.2f} | {share:.0%} of {top:.0f} GFLOP/s |",
            flush=True,
        )


def session_of(nodes, shape, kind, domains, initializers=()):
    import onnxruntime
    from onnx import helper

    inputs = [helper.make_tensor_value_info(name, kind, shape) for name in "qkv"]
    output = helper.make_tensor_value_info("y", kind, shape)
    graph = helper.make_graph(nodes, "attention", inputs, [output], list(initializers))
    opsets = [helper.make_opsetid(domain, version) for domain, version in domains]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def attention(bench, dtype):
    """ONNX Runtime's two ways: the operations one by one, and its fused kernel, which has float32 alone."""
    from onnx import TensorProto, helper

    n, d = 4096, 64
    rng = np.random.default_rng(2)
    q, k, v = (rng.standard_normal((n, d)) for _ in range(3))
    path = scratch("attention.f64")
    np.concatenate([q, k, v]).tofile(path)
    kind = TensorProto.FLOAT if dtype == "f32" else TensorProto.DOUBLE
    number = np.float32 if dtype == "f32" else np.float64
    feed = {"q": q.astype(number), "k": k.astype(number), "v": v.astype(number)}
    scale = helper.make_tensor("scale", kind, [], [8.0])
    one_by_one = [
        helper.make_node("Transpose", ["k"], ["kt"], perm=[1, 0]),
        helper.make_node("MatMul", ["q", "kt"], ["s"]),
        helper.make_node("Div", ["s", "scale"], ["t"]),
        helper.make_node("Softmax", ["t"], ["p"], axis=1),
        helper.make_node("MatMul", ["p", "v"], ["y"]),
    ]
    plain = session_of(one_by_one, [n, d], kind, [("", 17)], [scale])
    theirs = median_of(lambda: plain.run(None, feed))
    fused = None
    if dtype == "f32":
        node = helper.make_node("MultiHeadAttention", list("qkv"), ["y"], domain="com.microsoft", num_heads=1, scale=0.125)
        whole = session_of([node], [1, n, d], kind, [("", 17), ("com.microsoft", 1)])
        batch = {name: x[None] for name, x in feed.items()}
        assert np.abs(whole.run(None, batch)[0][0] - plain.run(None, feed)[0]).max() < 1e-5
        fused = median_of(lambda: whole.run(None, batch))
    mine = ours(bench, "attention", dtype, 0, d, path)
    os.remove(path)
    print(
        f"| attention n = {n}, d = {d}, {dtype} | {mine * 1e3:.1f} | {theirs * 1e3:.1f} | {theirs / mine:.2f} "
        + (f"| {fused * 1e3:.1f} | {fused / mine:.2f} |" if fused else "| | |"),
        flush=True,
    )


def lloyd(bench):
    print("\n| k, d, type | raspc | scikit-learn | ratio | OpenBLAS + arg-max | ratio | faiss | ratio | share of peak |")
    print("|---|---|---|---|---|---|---|---|---|")
    for dtype in ("f32", "f64"):
        number = np.float32 if dtype == "f32" else np.float64
        top = peak(bench, dtype)
        for k, d in ((64, 16), (256, 16), (64, 64), (256, 64)):
            rng = np.random.default_rng(1)
            x = rng.random((N, d)) + rng.random((N, d)) - 1
            path = scratch(f"{d}.f64")
            x.tofile(path)
            points, starts = x.astype(number), x[:k].astype(number)
            mine = ours(bench, "lloyd", dtype, k, d, path)
            learn = scikit_learn(points, starts)
            blas = openblas(points, starts)
            faiss_too = faiss_lloyd(points, starts) if dtype == "f32" else None
            os.remove(path)
            share = 2 * N * k * d / mine / 1e9 / top
            print(
                f"| {k}, {d}, {dtype} | {mine * 1e3:.2f} | {learn * 1e3:.2f} | {learn / mine:.2f} "
                f"| {blas * 1e3:.2f} | {blas / mine:.2f} "
                + (f"| {faiss_too * 1e3:.2f} | {faiss_too / mine:.2f} " if faiss_too else "| | ")
                + f"| {share:.0%} of {top:.0f} GFLOP/s |",
                flush=True,
            )


def main():
    bench = sys.argv[1]
    print(f"threads: {THREADS}, n = {N}, {'CPU' if THREADS == 1 else 'wall'} ms an iteration")
    if "lloyd" in PARTS:
        lloyd(bench)
    if "em" in PARTS:
        mixtures(bench)
    if "attention" in PARTS:
        print("\n| | raspc | ONNX Runtime | ratio | fused there | ratio |\n|---|---|---|---|---|---|")
        for dtype in ("f32", "f64"):
            attention(bench, dtype)


main()
