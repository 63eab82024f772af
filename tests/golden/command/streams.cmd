# Inputs at scale: lines of standard input as they come, whole files, results in files.
place=$(mktemp -d) && cd "$place"
echo 'hist = selector_width(select(tokens, tokens, ==));' >hist.rasp
printf 'ab\nba\n' >two.txt
echo "lines; what is wrong with one is said, and the others go on"
printf 'hello\nbad\n\nhe' | raspc run hist.rasp -i - 2>&1
echo "exit $?"
printf 'bob\nbobby\nx\nb\n' | raspc run hist.rasp -i - --engine interp --vocab bo --max-len 3 2>&1
echo "exit $?"
echo "a line comes out before the next goes in"
mkfifo in out
raspc run hist.rasp -i - <in >out &
exec 3>in 4<out
echo aa >&3; read -r answer <&4; echo "$answer"
echo abb >&3; read -r answer <&4; echo "$answer"
exec 3>&-; wait
echo "JSON over several lines"
printf '"abb"\n[1,\n 1]\n' | raspc run hist.rasp -i -
echo "a file as one input"
raspc run hist.rasp -i @two.txt --whole
raspc run hist.rasp -i - --whole <two.txt
echo "results in files"
raspc run hist.rasp -i @two.txt --output two.jsonl && cat two.jsonl
raspc run hist.rasp -i @two.txt --output two.txt.txt && cat two.txt.txt
raspc run hist.rasp -i @two.txt --whole --output hist.npy && raspc run -e tokens_int -i @hist.npy
raspc run -e 'sort(tokens, tokens)' -i 'hé' --output sorted.npy && raspc run -e tokens -i @sorted.npy
raspc run -e 'indices / 2' -i abc --output half.npy && raspc run -e tokens_float -i @half.npy
raspc run -e 'indices == 1' -i abc --output one.npy && raspc run -e tokens_bool -i @one.npy
echo "none is left behind, or not one that is half right"
raspc run hist.rasp -i @two.txt --output bad.npy 2>&1; echo "exit $?"
raspc run -e '10 ^ (20 * indices)' -i ab --output bad.npy 2>&1; echo "exit $?"
raspc run -e '1 / indices' -i ab --output bad.jsonl 2>&1; echo "exit $?"
raspc run hist.rasp -i ab --output bad.doc 2>&1; echo "exit $?"
raspc run hist.rasp -i ab --output no/such/place.jsonl 2>&1; echo "exit $?"
echo "a disk that is full is told of once, however much is written"
yes abcdefgh | head -n 50000 | tr -d '\n' >long.txt
for options in '' --json; do
    raspc run -e tokens -i @long.txt --engine jit $options 2>&1 >/dev/full; echo "exit $?"
done
rm long.txt
ls; rm -r "$place"
