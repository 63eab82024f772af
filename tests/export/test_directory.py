"""The Hugging Face layout, and how files and directories are written: whole, or not at all."""

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time

import safetensors.numpy
import tokenizers

import tap
from command import RASPC, compiled, place, raspc, written

REVERSE = "reverse = aggregate(select(indices, length - 1 - indices, ==), tokens);"
FILES = ["README.md", "certificate.json", "config.json", "model.onnx", "model.safetensors", "modeling_raspc.py",
         "program.rasp", "tokenizer.json", "tokenizer_config.json"]


def fresh(name):
    """A new directory for one test."""
    os.makedirs(place(name))
    return place(name)


def layout(text=REVERSE, vocabulary=("a", "b", "c"), name="layout"):
    return compiled(written(text), name, list(vocabulary), 6)


def read_json(*parts):
    with open(os.path.join(*parts), encoding="utf-8") as file:
        return json.load(file)


# --- the layout -----------------------------------------------------------------------------------


def test_files():
    """the directory holds what the Hugging Face libraries look for"""
    tap.equal(sorted(name for name in os.listdir(layout()) if name != ".raspc"), FILES)


def test_config():
    """config.json has the keys of a Hugging Face config"""
    config = read_json(layout(), "config.json")
    for key in ("architectures model_type auto_map dtype vocab_size hidden_size num_hidden_layers num_attention_heads "
                "head_dim intermediate_size hidden_act max_position_embeddings bos_token_id pad_token_id id2label").split():
        assert key in config, key
    tap.equal([config["model_type"], config["vocab_size"], config["bos_token_id"], config["pad_token_id"]],
              ["raspc", 5, 0, 4])
    tap.equal(config["id2label"], {"0": "a", "1": "b", "2": "c"})
    tensors = safetensors.numpy.load_file(os.path.join(layout(), "model.safetensors"))
    tap.equal(tensors["w_e"].shape, (config["vocab_size"], config["hidden_size"]))
    tap.equal(tensors["w_p"].shape[0], config["max_position_embeddings"])
    assert not tensors["w_e"][config["pad_token_id"]].any()


def test_card():
    """the model card begins with its metadata and holds the program, whatever is in it"""
    text = "# ```` a fence\n" + REVERSE
    card = open(os.path.join(layout(text), "README.md"), encoding="utf-8").read()
    head = card.split("---\n")[1]
    for key in ("license", "library_name", "pipeline_tag", "tags"):
        assert f"{key}:" in head, key
    assert "`````\n" + text + "\n`````\n" in card
    tap.equal(open(os.path.join(layout(text), "program.rasp"), encoding="utf-8").read(), text)


def tokenizer_of(*arguments):
    return tokenizers.Tokenizer.from_file(os.path.join(layout(*arguments), "tokenizer.json"))


def test_tokenizer_characters():
    """tokenizer: characters, BOS in front, any character a token, blanks and line ends too"""
    tokenizer = tokenizer_of(REVERSE, ["a", "é", " ", "\n", "🙂"])
    tap.equal(tokenizer.encode("aé \n🙂").ids, [0, 1, 2, 3, 4, 5])
    tap.equal(tokenizer.decode([0, 1, 2, 3, 4, 5]), "aé \n🙂")


def test_tokenizer_words():
    """tokenizer: longer words and numbers are split at blanks"""
    tap.equal(tokenizer_of(REVERSE, ["cat", "dog"]).encode("dog cat dog").ids, [0, 2, 1, 2])
    tap.equal(tokenizer_of(REVERSE, [3, 10, 2.5]).encode("10 2.5 3").ids, [0, 2, 3, 1])


def test_tokenizer_unknown():
    """tokenizer: a token outside the vocabulary is an error"""
    try:
        tokenizer_of().encode("xyz")
    except Exception as error:
        assert "UNK" in str(error), error
    else:
        raise AssertionError("no error")


def test_tokenizer_special():
    """tokenizer: words of the vocabulary that look like special ones stay words"""
    tokenizer = tokenizer_of(REVERSE, ["[BOS]", "[PAD]", "[UNK]", "[[BOS]]"])
    tap.equal(tokenizer.encode("[UNK] [BOS] [PAD] [[BOS]]").ids, [0, 3, 1, 2, 4])
    tap.equal(tokenizer.token_to_id("[[[BOS]]]"), 0)


def test_no_tokenizer():
    """no tokenizer.json where tokens can't be told apart as text"""
    for vocabulary in ([1, "1"], ["a b", "c"], ["ab", ""]):
        path = layout(REVERSE, vocabulary, "apart")
        assert "tokenizer.json" not in os.listdir(path)
        assert "no `tokenizer.json`" in open(os.path.join(path, "README.md"), encoding="utf-8").read()


def test_onnx_beside():
    """the .onnx file in the directory is the one that compile writes alone"""
    alone = compiled(written(REVERSE), "alone.onnx", list("abc"), 6)
    digests = [hashlib.sha256(open(path, "rb").read()).digest() for path in (alone, os.path.join(layout(), "model.onnx"))]
    tap.equal(digests[0], digests[1])


# --- whole or not at all --------------------------------------------------------------------------


def left(directory):
    return sorted(os.listdir(directory))


def test_replaced():
    """a directory that raspc wrote is replaced"""
    path = os.path.join(fresh("replaced"), "out")
    for length, layers in (("5", "huggingface"), ("6", "transformer-lens"), ("7", "huggingface")):
        said = raspc("compile", written(REVERSE), "-o", path, "--max-len", length, "--layout", layers)
        tap.equal(said.returncode, 0)
    tap.equal(read_json(path, "config.json")["max_position_embeddings"], 8)
    tap.equal(left(place("replaced")), ["out"])


def check_kept(directory, path):
    before = {name: open(os.path.join(path, name)).read() for name in os.listdir(path)}
    said = raspc("compile", written(REVERSE), "-o", path)
    tap.equal(said.returncode, 1)
    assert "E0602" in said.stderr and "did not write" in said.stderr, said.stderr
    tap.equal({name: open(os.path.join(path, name)).read() for name in os.listdir(path)}, before)
    tap.equal(left(directory), [os.path.basename(path)])


def test_foreign():
    """a directory with other files in it is left alone"""
    directory = fresh("foreign")
    path = os.path.join(directory, "mine")
    os.makedirs(path)
    with open(os.path.join(path, "config.json"), "w") as file:
        file.write("mine")
    check_kept(directory, path)


def test_foreign_file():
    """a directory that raspc wrote, with a file added by hand, is left alone"""
    directory = fresh("added")
    path = compiled(written(REVERSE), "added/out", list("ab"), 4, "--layout", "transformer-lens")
    os.remove(os.path.join(path, "model.safetensors"))
    with open(os.path.join(path, "notes.txt"), "w") as file:
        file.write("mine")
    check_kept(directory, path)


def test_empty_directory():
    """an empty directory, with or without a '/' behind its name, is filled"""
    directory = fresh("empty")
    os.makedirs(os.path.join(directory, "model.v2"))
    tap.equal(raspc("compile", written(REVERSE), "-o", os.path.join(directory, "model.v2/")).returncode, 0)
    assert "config.json" in os.listdir(os.path.join(directory, "model.v2"))


def test_link():
    """through a symbolic link the directory that it names is replaced"""
    directory = fresh("linked")
    compiled(written(REVERSE), "linked/real", list("ab"), 4)
    os.symlink("real", os.path.join(directory, "link"))
    compiled(written(REVERSE), "linked/link", list("ab"), 5)
    assert os.path.islink(os.path.join(directory, "link"))
    tap.equal(read_json(directory, "real", "config.json")["max_position_embeddings"], 6)


def test_full():
    """a full disk: the message says so, and the exit status is 1"""
    os.symlink("/dev/full", place("full.onnx"))
    said = raspc("compile", written(REVERSE), "-o", place("full.onnx"))
    tap.equal(said.returncode, 1)
    assert "E0602" in said.stderr and "No space" in said.stderr, said.stderr


def limited(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_failing_writes():
    """a write that fails half-way leaves nothing behind, or what was there"""
    directory = fresh("failing")
    program = written(REVERSE)
    for name in ("x.onnx", "x.npz", "x.safetensors", "x.rtm", "x"):
        said = raspc("compile", program, "-o", os.path.join(directory, name), preexec_fn=limited(512))
        tap.equal(said.returncode, 1)
        assert "E0602" in said.stderr and "too large" in said.stderr.lower(), said.stderr
        tap.equal(left(directory), [])
    path = compiled(program, "failing/kept", list("ab"), 4)
    before = sorted(os.listdir(path))
    said = raspc("compile", program, "-o", path, preexec_fn=limited(512))
    tap.equal(said.returncode, 1)
    tap.equal([sorted(os.listdir(path)), left(directory)], [before, ["kept"]])


def test_missing_parent():
    """a directory that is not there, or is a file: a message, and nothing written"""
    directory = fresh("parents")
    with open(os.path.join(directory, "file"), "w"):
        pass
    for path in ("nowhere/out", "nowhere/out.onnx", "file/out", "file"):
        said = raspc("compile", written(REVERSE), "-o", os.path.join(directory, path))
        tap.equal(said.returncode, 1)
        assert "E0602" in said.stderr, said.stderr
    tap.equal(left(directory), ["file"])


def test_read_only():
    """a directory that may not be written: a message, and nothing written"""
    if os.geteuid() == 0:
        return  # root may write anywhere
    directory = fresh("closed")
    os.chmod(directory, 0o555)
    for name in ("out", "out.onnx"):
        said = raspc("compile", written(REVERSE), "-o", os.path.join(directory, name))
        assert said.returncode == 1 and "E0602" in said.stderr, said.stderr
    tap.equal(left(directory), [])


def test_interrupted():
    """an interrupt leaves the whole directory or nothing"""
    directory = fresh("interrupted")
    program = written("x = selector_width(select(tokens, tokens, ==) and select(indices, indices, <));")
    whole = None
    for attempt in range(24):
        path = os.path.join(directory, "out")
        process = subprocess.Popen([RASPC, "compile", program, "-o", path, "--max-len", "400"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.004 * attempt)
        process.send_signal(signal.SIGINT if attempt % 2 else signal.SIGTERM)
        process.wait()
        found = left(directory)
        assert found in ([], ["out"]), found
        if found:
            whole = whole or sorted(os.listdir(path))
            tap.equal(sorted(os.listdir(path)), whole)
            for name in os.listdir(path):
                os.remove(os.path.join(path, name))
            os.rmdir(path)


# --- the command ----------------------------------------------------------------------------------


def test_summary():
    """one line says what was written"""
    program = written(REVERSE)
    words = ["compile", program, "-o", place("said.onnx"), "--vocab", "abc", "--max-len", "8"]
    said = json.loads(raspc(*words, "--json").stdout)
    tap.equal(sorted(said), ["file", "heads", "layers", "parameters", "width"])
    tap.equal([said["file"], said["layers"]], [place("said.onnx"), 2])
    tap.equal(raspc(*words).stdout, "{file}: {layers} layers, {heads} heads, width {width}, {parameters} parameters\n"
              .format(**said))


def test_refusal():
    """what can't be lowered is refused with its place, and nothing is written"""
    program = written("x = aggregate(full_s, tokens_float);", "means.rasp")
    said = raspc("compile", program, "-o", place("means.onnx"), "--vocab", "[0.1, 0.7]")
    tap.equal(said.returncode, 1)
    assert "means.rasp:1:" in said.stderr and "E0701" in said.stderr, said.stderr
    assert not os.path.exists(place("means.onnx"))


def test_usage():
    """a name of no known format, a layout for a file, a selector, two outputs: told, with nothing written"""
    program = written(REVERSE + "flip = select(indices, indices, ==);")
    for status, words in [(2, ["-o", place("x.pt")]), (2, []), (2, ["-o", place("x.onnx"), "--layout", "huggingface"]),
                          (2, ["-o", place("x"), "--layout", "keras"]), (1, ["-o", place("x.onnx"), "-n", "flip"]),
                          (1, ["-o", place("x.onnx"), "-n", "revers"]),
                          (1, ["-o", place("x.onnx"), "-n", "reverse", "-n", "indices"])]:
        said = raspc("compile", program, *words)
        tap.equal([status, words], [said.returncode, words])
        assert said.stderr
    assert not [name for name in os.listdir(place("")) if name.startswith("x.")]


def test_expression():
    """-n chooses a name, -e compiles an expression without a program"""
    tap.equal(raspc("compile", written("a = indices; b = a + 1;"), "-n", "a", "-o", place("named.npz")).returncode, 0)
    path = place("expression")
    tap.equal(raspc("compile", "-e", "indices + 1", "-o", path).returncode, 0)
    tap.equal(read_json(path, "config.json")["raspc"]["output"]["name"], "out")
    tap.equal(open(os.path.join(path, "program.rasp")).read(), "indices + 1")


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
