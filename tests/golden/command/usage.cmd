for words in "rnu" "explain" "hist.rasp" "-x" "run" "run a.rasp b.rasp" "run --engin" "run --engine evl -e 1" \
    "run --enigne eval" "run -e 1 --color=sometimes" "run --json=1 -e 1" "run -i" "check" "report" \
    "explain-error E0210" "explain-error nonsense"; do
    raspc $words
    echo "raspc $words: status $?"
done 2>&1
