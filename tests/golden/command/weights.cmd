# the weights of patterns, which a run prints and writes
data="-i x=[[0,0],[5,5],[1,0]] -i is_centre=[true,true,false]"
for engine in eval interp jit; do raspc run weights.rasp $data -o near -o y -o soft --engine $engine; done
raspc run weights.rasp $data -o lines -o is_centre
raspc run weights.rasp $data -o near --json
raspc run weights.rasp $data -o near --output -; echo "status $?"
work=$(mktemp -d)
raspc run weights.rasp $data -o near -o y --output near=$work/near.npy --output $work/all.csv
head -c 60 $work/near.npy | tail -c 50; echo
tail -c 72 $work/near.npy | od -A n -t f8 -w24
cat $work/all.csv
rm -r $work
# a trace of all, also beside constants; selectors have none
for format in '' --json; do raspc run weights.rasp $data -o near -e 7 -o y --engine interp --trace $format; done
raspc run weights.rasp $data -o y -e 'select(is_centre, True, ==)' --engine interp --trace; echo "status $?"
# over tokens each input has a length of its own
for engine in eval interp jit; do
    printf 'abc\na\nab\n' | raspc run -e 'linear(score(indices, 2 - indices, +))' -e 'hardmax(score(indices, 1, *))' -i - --engine $engine
done
raspc run -e 'softmax(score(indices, indices, *))' -i ab -i a --json
# what is no result, what is too long, and other commands
raspc run weights.rasp $data -o scores; echo "status $?"
raspc run weights.rasp -i 'x=[0,0]*70000' -i 'is_centre=true*' -o soft; echo "status $?"
raspc compile weights.rasp -n soft -o soft.onnx; echo "status $?"
raspc report weights.rasp -o soft; echo "status $?"
raspc verify weights.rasp -o soft; echo "status $?"
raspc draw weights.rasp $data -o soft; echo "status $?"
raspc dump --graph weights.rasp -o near
