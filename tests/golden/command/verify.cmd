raspc verify hist.rasp --vocab abc --max-len 4 --engine interp
raspc verify hist.rasp --vocab abc --max-len 4 --engine interp --samples 20 --seed 7 --json
raspc verify -e '1 / (indices - 1)' --vocab ab --max-len 3 --engine interp
raspc verify hist.rasp --engine eval; echo "status $?"
raspc verify hist.rasp --samples 5 --exhaustive; echo "status $?"
raspc verify hist.rasp --vocab ab --samples x; echo "status $?"
raspc verify -e tokens --vocab ab --max-len 100000 --engine interp; echo "status $?"
