# ends of loops
raspc check until.rasp
raspc verify until.rasp --max-len 6
raspc verify --exact until.rasp --samples 50 --max-len 6
