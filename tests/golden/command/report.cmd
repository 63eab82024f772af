raspc report hist.rasp -o hist -o same
raspc report -e 'sort(tokens, tokens)' --json
raspc report hist.rasp -o table; echo "status $?"
