raspc certify hist.rasp; printf 'PK\3\4' | raspc certify -; raspc certify no_such_model
