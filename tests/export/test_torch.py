"""The Hugging Face layout in PyTorch and transformers, and the TransformerLens state in TransformerLens itself."""

import json
import os
import sys

import torch
from safetensors.torch import load_file

import tap
from command import Refused, checked, compiled, evaluated, programs, random_programs, same, tracr_cases, written

torch.set_num_threads(1)

REVERSE = "reverse = aggregate(select(indices, length - 1 - indices, ==), tokens);"
MIXED = """
before = select(indices, indices, <) and select(tokens, tokens, ==);
y = aggregate(select(indices, length - 1 - indices, ==), selector_width(before));
"""


def module(path):
    """modeling_raspc.py of that directory, as a user imports it."""
    sys.path.insert(0, path)
    sys.modules.pop("modeling_raspc", None)
    try:
        import modeling_raspc
    finally:
        sys.path.remove(path)
    return modeling_raspc


def directory(text=REVERSE, vocabulary=("a", "b", "c"), length=6, *options):
    return compiled(written(text), "layout", list(vocabulary), length, *options)


# --- PyTorch --------------------------------------------------------------------------------------


def check_example(example):
    program = example.program
    try:
        path = compiled(program, "layout", example.vocabulary, example.length)
    except Refused:
        return
    model = module(path).RaspcModel.from_pretrained(path)
    wanted = example.wanted()
    scores = model(torch.tensor(example.batch()))
    for tokens, row, want in zip(example.inputs, scores, wanted):
        (alone,) = model.run(tokens).values()
        together = model.decode(row[1 : len(tokens) + 1])
        tap.equal(str(together), str(alone))
        assert want is None and None in alone or same(alone, want or [], example.kinds), (tokens, alone, want)


def cases(examples):
    for name, example in examples:
        yield f"{name}: PyTorch equals eval, in a padded batch and alone", lambda example=example: check_example(example)


def test_each_program():
    yield from cases((program, checked(program, 8)) for program in programs())


def test_each_case_of_tracr():
    yield from cases(tracr_cases())


def test_each_random_program():
    yield from cases(random_programs(60))


def test_run():
    """run decodes by name"""
    path = directory()
    tap.equal(module(path).RaspcModel.from_pretrained(path).run("abca"), {"reverse": ["a", "c", "b", "a"]})


def test_directions():
    """the residual stream is read by name, after every layer"""
    path = directory()
    model = module(path).RaspcModel.from_pretrained(path)
    streams = list(model.streams(model.encode("abc")[None]))
    tap.equal(len(streams), 1 + len(model.layers))
    tap.equal(model.direction(streams[0], "tokens")[0, 1:].tolist(), torch.eye(3).tolist())
    tap.equal(model.direction(streams[-1], "reverse")[0, 1:].argmax(-1).tolist(), [2, 1, 0])


def raises(kind, function):
    try:
        function()
    except kind:
        return True
    return False


def test_bad_inputs():
    """an input without BOS, one too long and an unknown token are errors"""
    path = directory()
    model = module(path).RaspcModel.from_pretrained(path)
    assert raises(ValueError, lambda: model(torch.tensor([[1, 2]])))
    assert raises(ValueError, lambda: model(torch.tensor([[0] + [1] * 7])))
    assert raises(KeyError, lambda: model.run("abz"))


def test_no_nan():
    """no row is masked whole: no NaN anywhere, padding included"""
    path = directory(MIXED)
    model = module(path).RaspcModel.from_pretrained(path)
    for stream in model.streams(torch.tensor([[0, 1, 4, 4], [0, 4, 4, 4]])):
        assert not stream.isnan().any()


def check_failure(program, vocabulary, length):
    from test_peers import inputs_of, listed, rows_of

    try:
        path = compiled(program, "layout", vocabulary, length)
    except Refused as refusal:
        assert listed(program, length), refusal
        return
    model = module(path).RaspcModel.from_pretrained(path)
    inputs = inputs_of(vocabulary, length)
    rows = torch.tensor(rows_of(vocabulary, inputs))
    hidden = rows != model.pad
    padded, masked = model(rows), model(rows.where(hidden, 1), hidden)
    for tokens, one, other, want in zip(inputs, padded, masked, evaluated(program, inputs)):
        for found in (one, other):
            got = model.decode(found[1 : len(tokens) + 1])
            assert same(got, want), (len(tokens), got, want)


def test_each_failure_of_peers():
    from test_peers import failures

    for program, vocabulary, length in failures():
        if length <= 128:
            name = os.path.basename(program).removesuffix(".rasp")
            yield f"{name}@{length}: PyTorch equals eval, with PAD and with attention_mask", (
                lambda program=program, vocabulary=vocabulary, length=length: check_failure(program, vocabulary, length))


# --- transformers ---------------------------------------------------------------------------------


def test_transformers():
    """transformers loads the config, the tokenizer and the model"""
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    path = directory()
    tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=True)
    model = AutoModelForTokenClassification.from_pretrained(path, trust_remote_code=True)
    batch = tokenizer(["abc", "a", "cab"], padding=True, return_tensors="pt")
    tap.equal(batch["input_ids"].tolist(), [[0, 1, 2, 3], [0, 1, 4, 4], [0, 3, 1, 2]])
    best = model(**batch).logits.argmax(-1)
    labels = [[model.config.id2label[i] for i in row[mask.bool()][1:].tolist()]
              for row, mask in zip(best, batch["attention_mask"])]
    tap.equal(labels, [["c", "b", "a"], ["a"], ["b", "a", "c"]])


def test_saved_again():
    """transformers saves the model, and reads what it saved"""
    from transformers import AutoModelForTokenClassification

    path = directory()
    model = AutoModelForTokenClassification.from_pretrained(path, trust_remote_code=True)
    model.save_pretrained(os.path.join(path, "..", "saved"))
    again = load_file(os.path.join(path, "..", "saved", "model.safetensors"))
    first = load_file(os.path.join(path, "model.safetensors"))
    tap.equal(sorted(again), sorted(first))
    assert all(torch.equal(again[name], first[name]) for name in first)


OCCURRENCE = "x = selector_width(select(tokens, tokens, ==) and select(indices, indices, <=));"
# What came after this token the last time; else the token itself: the induction head as a language model.
INDUCTION = """
before = select(indices, indices, <);
previous = aggregate(select(indices, indices - 1, ==), tokens, "");
number = selector_width(select(tokens, tokens, ==) and before);
previous_number = aggregate(select(indices, indices - 1, ==), number, -1);
follower = select(previous, tokens, ==) and select(previous_number, number - 1, ==) and select(indices, indices, <=);
found = aggregate(follower, tokens, "");
next = tokens if found == "" else found;
"""


def check_prefixes(model, numbers):
    whole = model(torch.tensor([numbers]))
    for length in range(1, len(numbers)):
        part = model(torch.tensor([numbers[:length]]))
        assert torch.equal(part[0], whole[0, :length]), length


def test_causal_module():
    """a causal module: no row sees a later one, and a prefix does not depend on what follows"""
    path = directory(OCCURRENCE, "abc", 6, "--causal")
    model = module(path).RaspcModel.from_pretrained(path)
    rows = torch.arange(5)
    for layer in model.layers:
        for head in layer.heads:
            assert not head.allowed(rows, torch.ones(1, 5, dtype=torch.bool)).triu(1).any(), head.name
    check_prefixes(model, [0, 1, 2, 1, 3, 1, 2])


def test_attention_mask():
    """attention_mask does what PAD does, in the module and in transformers"""
    path = directory(MIXED)
    model = module(path).RaspcModel.from_pretrained(path)
    padded = model(torch.tensor([[0, 1, 2, 4, 4]]))[0, :3]
    masked = model(torch.tensor([[0, 1, 2, 3, 3]]), torch.tensor([[1, 1, 1, 0, 0]]))[0, :3]
    alone = model(torch.tensor([[0, 1, 2]]))[0]
    assert torch.equal(padded, alone) and torch.equal(masked, alone)


def test_language_model():
    """transformers loads a causal program whose values are tokens as a causal language model, which generates"""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path = directory(INDUCTION, "abc", 12, "--causal")
    model = AutoModelForCausalLM.from_pretrained(path, trust_remote_code=True)
    tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=True)
    batch = tokenizer(["abcab"], return_tensors="pt")
    tap.equal(model(**batch).logits.shape, (1, 6, model.config.vocab_size))
    tap.equal(tokenizer.decode(model(**batch).logits[0, -1].argmax()), "c")
    made = model.generate(**batch, max_new_tokens=6, do_sample=False)
    tap.equal(tokenizer.decode(made[0], skip_special_tokens=True), "abcabcabcab")
    torch.manual_seed(1)
    sampled = model.generate(**batch, max_new_tokens=6, do_sample=True)
    tap.equal(sampled.tolist(), made.tolist())


def test_no_language_model():
    """values that are no tokens are not generated, and a model that is not causal is no language model"""
    from transformers import AutoModelForCausalLM

    path = directory(OCCURRENCE, "abc", 6, "--causal")
    model = AutoModelForCausalLM.from_pretrained(path, trust_remote_code=True)
    tap.equal(model(torch.tensor([[0, 1, 1]])).logits[0, 1:, 0].round().tolist(), [1, 2])
    assert raises(ValueError, lambda: model.generate(torch.tensor([[0, 1]]), max_new_tokens=1))
    path = directory(REVERSE)
    assert raises(ValueError, lambda: AutoModelForCausalLM.from_pretrained(path, trust_remote_code=True))


# --- TransformerLens ------------------------------------------------------------------------------


def bridge(text, length=6, *options):
    from transformer_lens.model_bridge import TransformerBridge

    path = directory(text, "abc", length, "--layout", "transformer-lens", *options)
    with open(os.path.join(path, "config.json"), encoding="utf-8") as file:
        model = TransformerBridge.boot_native(json.load(file))
    model.load_state_dict(load_file(os.path.join(path, "model.safetensors")))
    with open(os.path.join(path, "raspc.json"), encoding="utf-8") as file:
        return model, json.load(file)


def check_lens(text):
    from test_transformer_lens import decoded

    model, named = bridge(text)
    inputs = [list(word) for word in ("a", "aa", "abc", "aabbcc", "cbacba")]
    for tokens, wanted in zip(inputs, evaluated(written(text), inputs)):
        logits = model(torch.tensor([[0] + ["abc".index(token) + 1 for token in tokens]]))
        got = decoded(named, logits[0, 1:].detach().numpy())
        assert same(got, wanted), (tokens, got, wanted)


def test_lens():
    """TransformerLens: the state loads strictly, and the logits give eval's values"""
    check_lens(REVERSE)
    check_lens(MIXED)


def test_lens_causal():
    """TransformerLens: a causal program"""
    check_lens("x = selector_width(select(indices, indices, <=) and select(tokens, tokens, ==));")


def test_lens_causal_model():
    """TransformerLens: a causal model is causal, its other masks are scores, and a prefix is what it is"""
    text = OCCURRENCE + "y = aggregate(select(indices, indices, <) and select(tokens, tokens, ==), x);"
    model, named = bridge(text, 6, "--causal")
    tap.equal([model.cfg.attention_dir, model.cfg.default_prepend_bos], ["causal", True])
    assert {head["mask"][1] for layer in named["layers"] for head in layer["heads"]} == {0, -1}, named["layers"]
    check_prefixes(model, [0, 1, 2, 1, 3, 1, 2])


def test_lens_small():
    """TransformerLens traps: no attention, no feed-forward, a bias of the read-out, an empty selection"""
    check_lens('x = tokens == "a";')
    check_lens("x = aggregate(select(indices, 0, ==), tokens);")
    check_lens("x = 5 - indices;")
    check_lens('x = aggregate(select(tokens, "z", ==), indices, 7);')


def check_lens_failure(program, vocabulary, length):
    from test_peers import inputs_of
    from test_transformer_lens import decoded
    from transformer_lens.model_bridge import TransformerBridge

    path = compiled(program, "lens", vocabulary, length, "--layout", "transformer-lens")
    with open(os.path.join(path, "config.json"), encoding="utf-8") as file:
        model = TransformerBridge.boot_native(json.load(file))
    model.load_state_dict(load_file(os.path.join(path, "model.safetensors")))
    with open(os.path.join(path, "raspc.json"), encoding="utf-8") as file:
        named = json.load(file)
    inputs = inputs_of(vocabulary, length)
    for tokens, want in zip(inputs, evaluated(program, inputs)):
        logits = model(torch.tensor([[0] + [1 + vocabulary.index(token) for token in tokens]]))
        got = decoded(named, logits[0, 1:].detach().numpy())
        assert same(got, want), (len(tokens), got, want)


def test_each_failure_of_peers_in_lens():
    from test_peers import failures

    for program, vocabulary, length in failures():
        if length <= 64 and not listed_failure(program, length):
            name = os.path.basename(program).removesuffix(".rasp")
            yield f"{name}@{length}: TransformerLens equals eval", (
                lambda program=program, vocabulary=vocabulary, length=length: check_lens_failure(program, vocabulary, length))


def listed_failure(program, length):
    from test_peers import listed

    return listed(program, length)


def test_lens_too_long():
    """TransformerLens: an input longer than n_ctx is an error"""
    model, _ = bridge(REVERSE, 3)
    assert raises(ValueError, lambda: model(torch.tensor([[0, 1, 1, 1, 1]])))


def test_lens_cache():
    """TransformerLens: run_with_cache shows the attention pattern of a head"""
    model, named = bridge(REVERSE)
    _, cache = model.run_with_cache(torch.tensor([[0, 1, 2, 3]]))
    last = len(named["layers"]) - 1
    pattern = cache[f"blocks.{last}.attn.hook_pattern"][0, 0]
    tap.equal(pattern[1:].argmax(-1).tolist(), [3, 2, 1])
    assert (pattern[1:].max(-1).values == 1).all()


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
