# Strings beside numbers: one-hots of the words that the program names.
work=$(mktemp -d)
cat >$work/sales.rasp <<'END'
input kind: str;
input x: float;
paid = x if kind == "sale" else 0;
known = kind in ["sale", "gift"];
sales = total(select(kind, "sale", ==), x);
rest = aggregate(select("sale", kind, ==) and not select(kind, "gift", ==), x, 7);
rate = {"sale": 2, "gift": 3}[kind];
output paid, known, sales, rest;
END
cd $work
data="-i kind=[\"sale\",\"gift\",\"tax\",\"sale\"] -i x=[1,2,3,4]"
raspc run sales.rasp $data
raspc run sales.rasp $data --engine interp
raspc run sales.rasp $data --engine interp -o rate; echo "status $?"
raspc run sales.rasp $data --engine jit
raspc run sales.rasp $data --engine jit -o rate; echo "status $?"
raspc run sales.rasp $data --engine jit -e kind -e 'aggregate(select(kind, kind, ==), x)' -e 'selector_width(select(kind, kind, <))'
raspc run sales.rasp $data --engine jit -e 'aggregate(select(indices, indices - 1, ==), kind, "none")' -e 'kind + "!"'; echo "status $?"
raspc run sales.rasp $data --engine jit -e 'aggregate(select(kind, kind, ==), kind, "none")'; echo "status $?"
raspc dump --model sales.rasp -o rest --max-len 2
raspc dump --model sales.rasp >sales.model; raspc dump --model sales.model | cmp - sales.model && echo same
raspc verify sales.rasp --engine interp --max-len 9 --samples 50
raspc compile sales.rasp -o sales.onnx; echo "status $?"
raspc compile sales.rasp -o sales.rtm
raspc report sales.rasp -e 'aggregate(select(kind, kind, ==), x)' | grep because
cd - >/dev/null; rm -r $work
