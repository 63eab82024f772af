"""What the tests of exported files report with: TAP, a line a test function (see tests/README.md)."""

import sys
import traceback


class Skipped(Exception):
    """What a case raises that cannot be tried; the text says why."""


def run(module):
    """Runs every test_* of the module; its docstring is the name of the case. A generator is a case an
    item: (name, function). A text that a case returns is shown with its name."""
    failed = 0
    for name, function in sorted(vars(module).items(), key=lambda item: line_of(item[1])):
        if not name.startswith("test_"):
            continue
        cases = function() if name.startswith("test_each_") else [(function.__doc__, function)]
        for title, case in cases:
            try:
                said = case()
                print(f"ok - {title}" + (f": {said}" if isinstance(said, str) else ""), flush=True)
            except Skipped as why:
                print(f"ok - {title} # SKIP {why}", flush=True)
            except Exception:
                failed += 1
                print(f"not ok - {title}")
                for line in traceback.format_exc().rstrip().splitlines()[-12:]:
                    print(f"# {line[:400]}", flush=True)
    sys.exit(failed != 0)


def line_of(item):
    code = getattr(item, "__code__", None)
    return code.co_firstlineno if code else 0


def equal(got, wanted):
    assert got == wanted, f"{got!r} is not {wanted!r}"
