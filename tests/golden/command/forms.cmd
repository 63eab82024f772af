raspc dump --tree hist.rasp | raspc dump --tree --from tree - | head -3
raspc dump --tree hist.rasp | raspc dump --graph --from tree - | tail -1
raspc dump --graph hist.rasp -o hist | raspc dump --graph --from graph -
raspc dump --graph hist.rasp -o table; echo "status $?"
for words in "dump hist.rasp" "dump --tree --from graph hist.rasp" "dump --graph --from words hist.rasp" \
    "dump --tree -o hist hist.rasp" "dump --tree" "fmt" "fmt --check -w hist.rasp"; do
    raspc $words
    echo "raspc $words: status $?"
done 2>&1
raspc fmt unchecked.rasp
raspc fmt --check hist.rasp unchecked.rasp; echo "status $?"
printf 'a=1 ;b  = 2; # two\n' | raspc fmt -; printf 'a=1 ;' | raspc fmt --check -; echo "status $?"
raspc fmt broken.rasp; echo "status $?"
copy=$(mktemp) && printf 'a=1 ;' >"$copy" && raspc fmt -w "$copy" && cat "$copy"; rm "$copy"
