raspc run no_such_file.rasp; raspc check .; raspc run hist.rasp -i @no_such_file.json
