# Which position no other precedes is counted where no one head can select what precedes it.
raspc verify least.rasp --max-len 210 --vocab "[$(seq -s, 0 99)]" --samples 4 --engine jit
raspc dump --model least.rasp --max-len 210 --vocab "[$(seq -s, 0 99)]" | grep -c ' head '
