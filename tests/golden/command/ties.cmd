raspc verify ../../../programs/clustering/kmedoids.rasp --engine interp --samples 20 --max-len 6; echo "status $?"
raspc verify ../../../programs/clustering/kmedoids.rasp --engine interp --samples 20 --max-len 6 --json | grep -o '"ties": [0-9]*'
