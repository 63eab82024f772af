raspc run hist.rasp -i aab -i '["cat", "cat", 1.0, true]' -o same -o hist -e 'twice(hist)' -e table
raspc run -e 'tokens_int + 1' -e '"no input"' -i '[1, 2]' --json
raspc run hist.rasp -o hsit -o twice -e 'undefined' -i '[1' --max-len 0; echo "status $?"
raspc run hist.rasp; raspc run - --example bb <hist.rasp
raspc run -e tokens -i "$(printf 'a\033[2J\n')"
raspc run -e '1 / tokens_int' -i '[1, 0]' -i '[2]' --json; echo "status $?"
