raspc run hist.rasp -i '[1, 2'; raspc run hist.rasp -i '{"a":'; raspc run hist.rasp -i '"abc'; raspc run hist.rasp -i ''
