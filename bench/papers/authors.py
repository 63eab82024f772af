"""Points as the authors of the k-means transformer draw them (arXiv 2506.19125; their code: github.com/rithram/kmeans-trf).

k middles uniform in the unit cube, n // k points round each with noise 0.1, every coordinate scaled to 0..1 and then by
`scale`, the points shuffled, and the centres start at the first k. Their notebook numerical_validation.ipynb seeds
PyTorch's generator; drawn with its numbers, these are their very points.
"""

from common import np


class TorchRandom:
    """What PyTorch's generator on the CPU gives after torch.manual_seed(seed): the Mersenne Twister's 32-bit numbers."""

    def __init__(self, seed):
        self.bits = np.random.MT19937()
        self.bits._legacy_seeding(seed)  # Matsumoto and Nishimura's init_genrand, as PyTorch has it

    def draw(self, count):
        return self.bits.random_raw(count).astype(np.uint64)

    def uniform(self, rows, columns):
        """torch.rand: 24 bits each."""
        low = self.draw(rows * columns) & np.uint64(2**24 - 1)
        return (low.astype(np.float32) * np.float32(2**-24)).reshape(rows, columns)

    def normal(self, rows, columns):
        """A torch.normal of `columns` (fewer than 16, and even) numbers a row: Box and Muller's pairs, of 53 bits each."""
        assert columns < 16 and columns % 2 == 0
        high, low = self.draw(2 * rows * columns).reshape(-1, 2).T
        unit = ((high << np.uint64(32) | low) & np.uint64(2**53 - 1)).astype(float) * 2.0**-53
        angle, chance = unit.reshape(-1, 2).T
        length = np.sqrt(-2 * np.log1p(-chance))
        pairs = np.stack([length * np.cos(2 * np.pi * angle), length * np.sin(2 * np.pi * angle)], 1)
        return pairs.astype(np.float32).reshape(rows, columns)

    def order(self, count):
        """torch.randperm."""
        order = np.arange(count)
        for i, number in enumerate(self.draw(count - 1).tolist()):
            j = i + number % (count - i)
            order[i], order[j] = order[j], order[i]
        return order


class NumpyRandom:
    """The same doors for numpy's generator, of any width."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def uniform(self, rows, columns):
        return self.random.random((rows, columns))

    def normal(self, rows, columns):
        return self.random.standard_normal((rows, columns))

    def order(self, count):
        return self.random.permutation(count)


def draw(random, n, k, d, scale=1):
    """(points, where the centres start), of the type of the random numbers."""
    middles = random.uniform(k, d)
    noise = middles.dtype.type(0.1)
    points = np.concatenate([middle + noise * random.normal(n // k, d) for middle in middles])
    points = points - points.min(0)
    points = points / points.max(0) * points.dtype.type(scale)
    points = points[random.order(len(points))]
    return points, points[:k].copy()
