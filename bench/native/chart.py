"""Time over length, both on logarithmic scales, as SVG: a panel a program, a line an engine."""

import math

WIDTH, HEIGHT = 290, 270  # of a panel
LEFT, TOP, RIGHT, BOTTOM = 52, 34, 12, 42
LEGEND = 34
GREY, INK = "#d8dee4", "#1f2328"


def text(x, y, words, anchor="middle", size=11, rest=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{INK}"{rest}>{words}</text>'


def number(n):
    return {1000: "1k", 10_000: "10k", 100_000: "100k", 1_000_000: "1M"}.get(n, str(n))


def seconds(exponent):
    unit, scale = next((u, s) for u, s in (("s", 0), ("ms", -3), ("µs", -6)) if exponent >= s or s == -6)
    return f"{10 ** (exponent - scale):g} {unit}"


class Panel:
    def __init__(self, left, title, lengths, low, high):
        self.left, self.title, self.lengths, self.low, self.high = left, title, lengths, low, high

    def at(self, n, s):
        first, last = math.log10(self.lengths[0]), math.log10(self.lengths[-1])
        x = self.left + LEFT + (math.log10(n) - first) / (last - first) * (WIDTH - LEFT - RIGHT)
        y = LEGEND + HEIGHT - BOTTOM - (math.log10(s) - self.low) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)
        return x, y

    def frame(self):
        yield text(self.left + LEFT, LEGEND + TOP - 12, self.title, "start", 13, ' font-weight="600"')
        for exponent in range(self.low, self.high + 1):
            x, y = self.at(self.lengths[0], 10.0**exponent)
            yield f'<path d="M{x:.1f} {y:.1f}H{self.left + WIDTH - RIGHT}" stroke="{GREY}"/>'
            yield text(x - 6, y + 4, seconds(exponent), "end")
        for n in self.lengths:
            x, y = self.at(n, 10.0**self.low)
            yield f'<path d="M{x:.1f} {y:.1f}v4" stroke="#8c959f"/>'
            yield text(x, y + 17, number(n))
        yield text(self.left + LEFT + (WIDTH - LEFT - RIGHT) / 2, LEGEND + HEIGHT - 6, "tokens")

    def line(self, points, colour):
        """points: [(n, seconds)]."""
        places = [self.at(n, s) for n, s in points]
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        yield f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>'
        for x, y in places:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'


def chart(title, panels, engines, lengths):
    """panels: [(title, {engine: [(n, seconds)]})]; engines: {engine: colour}, in the legend's order."""
    every = [s for _, lines in panels for points in lines.values() for _, s in points]
    low, high = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))
    width = WIDTH * len(panels)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{LEGEND + HEIGHT}" '
           f'viewBox="0 0 {width} {LEGEND + HEIGHT}" role="img" font-family="system-ui, -apple-system, \'Segoe UI\', '
           'Helvetica, Arial, \'DejaVu Sans\', sans-serif">',
           f"<title>{title}</title>", f'<rect width="{width}" height="{LEGEND + HEIGHT}" fill="white"/>']
    x = LEFT
    for engine, colour in engines.items():
        if any(engine in lines for _, lines in panels):
            out += [f'<path d="M{x} 18h22" stroke="{colour}" stroke-width="3"/>', text(x + 28, 22, engine, "start", 12)]
            x += 48 + 6.6 * len(engine)
    for i, (name, lines) in enumerate(panels):
        panel = Panel(WIDTH * i, name, lengths, low, high)
        out += panel.frame()
        for engine, colour in engines.items():
            if lines.get(engine):
                out += panel.line(lines[engine], colour)
    return "\n".join(out) + "\n</svg>\n"
