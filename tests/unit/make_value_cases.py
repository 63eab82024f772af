#!/usr/bin/env python3
"""Writes value_cases.def: what Python 3 gives for operators on atoms.

    python3 tests/unit/make_value_cases.py > tests/unit/value_cases.def

An atom is written as its repr, a string as ' and its characters. A failure is written as ! and
its kind. No result is left out because it is inconvenient; the random part has a fixed seed.
"""
import operator
import random

OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "%": operator.mod, "^": operator.pow, "==": operator.eq, "!=": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}
UNARY = {"neg": operator.neg, "pos": operator.pos, "round": round, "not": operator.not_,
         "int": int, "float": float, "str": str}


def text(value):
    return "'" + value if isinstance(value, str) else repr(value)


def quoted(string):
    out = ""
    for byte in string.encode():
        if chr(byte) in '"\\':
            out += "\\" + chr(byte)
        elif 32 <= byte < 127:
            out += chr(byte)
        else:
            out += "\\%03o" % byte
    return '"' + out + '"'


def outcome(function, *operands):
    try:
        value = function(*operands)
    except ZeroDivisionError:
        return "!zero division"
    except OverflowError as error:
        return "!not a number" if "infinity to integer" in str(error) else "!overflow"
    except ValueError as error:
        return "!not a number" if "NaN to integer" in str(error) else "!conversion"
    except TypeError:
        return "!type"
    return "!complex" if isinstance(value, complex) else text(value)


def binary(name, a, b):
    if name == "%" and isinstance(a, str):
        result = "!type"  # RASP has no string formatting
    else:
        result = outcome(OPERATORS[name], a, b)
    print(f"BINARY({quoted(name)}, {quoted(text(a))}, {quoted(text(b))}, {quoted(result)})")


def unary(name, a):
    result = outcome(UNARY[name], a)
    if name in ("int", "float") and result.startswith("!"):
        result = "!conversion"
    print(f"UNARY({quoted(name)}, {quoted(text(a))}, {quoted(result)})")


def main():
    inf, nan = float("inf"), float("nan")
    atoms = [0, 1, -7, True, False, 2**53 + 1, 2**63 - 1, -2**63, 2**64, -10**30, 0.0, -0.0, 0.5, -2.5,
             float(2**53), 1e308, 5e-324, inf, -inf, nan, "", "ab", "é"]
    small = [0, 3, -3, True, 2**63 - 1, -2.5, -0.0, inf, nan, "a"]
    smaller = [0, -3, True, 2.5, -0.0, "a"]
    print("/* Written by make_value_cases.py with Python 3; see there. */")
    for name in OPERATORS:
        operands = small if name in ("+", "%", "<") else smaller
        for a in operands:
            for b in operands:
                binary(name, a, b)
    pick = random.Random(7)

    def integer():
        bits = pick.choice([3, 30, 52, 62, 63, 64, 65, 100, 300, 1100])
        return pick.randrange(-2**bits, 2**bits)

    def real():
        return pick.choice([integer() % 2**200 * 1.0, pick.uniform(-9, 9), pick.uniform(-1, 1) * 10.0**pick.randrange(-320, 308)])

    for _ in range(40):
        for name in ("/", "%", pick.choice(["+", "-", "*", "<", "=="])):
            binary(name, integer(), integer())
        binary(pick.choice(list(OPERATORS)[:4] + ["%", "<", "=="]), real(), integer())
        binary(pick.choice(list(OPERATORS)[:5]), real(), real())
    for a, b in [(2, 100), (-3, 41), (7, -2), (-2, -3), (10, -400), (10**200, -2), (10**400, -2), (0, -1), (0, 0),
                 (2, 0.5), (-8, 1 / 3), (-8, 3.0), (1, 10**30), (-1, 10**30 + 1), (0, 10**30), (10.0, 400),
                 (-10.0, 401), (10.0, -400), (-0.0, -3), (0.0, -inf), (-inf, 3), (-inf, -3), (-inf, 0.5),
                 (-1, inf), (0.5, inf), (0.5, -inf), (nan, 0), (1, nan), (2, 1e400), (2.0, 10**400), (True, -1),
                 (False, -1), (1e200, 2), (1.1, 7), (2, 0.1), (9, 0.5), (2, -1074), (2, -1075), (2.0, 1024)]:
        binary("^", a, b)
    for a, b in [("ab", 3), (3, "ab"), ("ab", 0), ("ab", -1), ("", 10**12), ("a", True), ("a", 2.0), ("a", "b")]:
        binary("*", a, b)
    for a, b in [("a", "b"), ("b", "a"), ("a", "ab"), ("z", "é"), ("\uffff", "\U0001f600"), ("Z", "a")]:
        for name in ("<", "<=", ">", ">=", "==", "+"):
            binary(name, a, b)
    for a, b in [(10**400, 10**399), (10**400, 1), (10**308 * 2, 1), (1, 10**400), (-1, 10**400), (3, 10**323),
                 (0, 10**30), (0, -10**30), (0, -1), (2**53 + 1, 1), (2**1024 - 2**970, 1), (2**1024 - 2**970 - 1, 1),
                 (1, 2**1074), (1, 2**1075), (3, 2**1076), (1, 2**1076), (2**60 + 2**7, 1), (2**60 + 2**7 + 1, 1),
                 (2**54 + 2, 2**54), (10**30, 3), (-10**30, 7), (6 * 10**29, 2 * 10**29)]:
        binary("/", a, b)
    for a, b in [(2**53, 2.0**53), (2**53 + 1, 2.0**53), (2**1023, 2.0**1023), (2**1023 + 1, 2.0**1023),
                 (10**400, inf), (-10**400, -inf), (10**400, nan), (2**63, 2.0**63), (2**63 - 1, 2.0**63),
                 (-2**63, -2.0**63), (-2**63 - 1, -2.0**63), (1, 1.5), (-1, -1.5), (10**23, 1e23), (0, -0.0)]:
        for name in ("==", "<", ">", "<=", "!="):
            binary(name, a, b)
            binary(name, b, a)
    for name in ("neg", "pos", "round", "not"):
        for a in atoms:
            unary(name, a)
    for a in [0.5, 1.5, 2.5, -0.5, -1.5, 0.49999999999999994, 1e15 + 0.5, 4503599627370497.5, 1e16, 1e22, -1e300, 2.0**63,
              -2.0**63]:
        unary("round", a)
        unary("int", a)
    for a in atoms:
        for name in ("int", "float", "str"):
            unary(name, a)
    for a in ["4", " 4 ", "\t\n4\v\f\r", "\x1c4", "\xa04\xa0", "\u20284", "+4", "-4", "- 4", "--4", "4.0", "1_0", "1__0", "_1",
              "1_", "007", "0x10", "", " ", "\u0664\u0662", "\u0664_\u0662", "4\x00", "\U0001d7d8\U0001d7d9", "\u00b2", "a", "1" * 60, "-" + "9" * 19,
              "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1e3", "1_0.5", "1_.5", "1._5", "1e1_0",
              "1e_1", ".5", "5.", ".", "inf", " -INF ", "+Infinity", "infinit", "nan", "-NaN", "nan(1)", "0x1p3", "1e", "1e+",
              "e5", "1e400", "-1e-400", "\u0664.\u0662", "1 2", "5e-324", "2.2250738585072011e-308", "1.7976931348623159e308",
              "0.1", "123456789012345678901234567890.5"]:
        unary("int", a)
        unary("float", a)
    reals = [1e16, 9999999999999998.0, 1e15, 123456789012345.6, 1e-4, 1e-5, 0.00012345, 1e-7, 1e22, 1e23, 1e100, 1e-100,
             5e-324, 1.5e-323, 2.2250738585072014e-308, 2.225073858507201e-308, 1.7976931348623157e308, 2.0**-44, 0.1,
             1 / 3, 2 / 3, 100.0, 1e5, 2.0**53, 2.0**89, 2.0**-1022, 9007199254740993.0, 5e-320, 0.3, 4.35, 1234.5678]
    reals += [2.0**pick.randrange(-1074, 1024) for _ in range(20)]
    reals += [pick.uniform(1, 10) * 10.0**pick.randrange(-310, 308) for _ in range(20)]
    for a in reals:
        unary("str", a)
    for a in ["", "abc", "it's", 'say "a"', "it's \"a\"", "\\", "\t\n\r", "\x00\x1f\x7f", "\x80\xa0\xad", "é\u200b\u2028",
              "\ue000\U0001f600\U000e0001", " "]:
        print(f"REPR({quoted(a)}, {len(a.encode())}, {quoted(repr(a))})")
    for a in [0.0625, 0.1875, 2.0005, 1 / 3, 2 / 3, -0.0004, -0.0006, 1e300, 1e16, 1e-7, 0.9995, 0.99951, inf, -inf, nan,
              1234567.8915, 0.0005, 0.0015, 2.675, 1.0]:
        print(f"DISPLAY({repr(a).replace('inf', 'INFINITY').replace('nan', 'NAN')}, {quoted(repr(round(a, 3)))})")


main()
