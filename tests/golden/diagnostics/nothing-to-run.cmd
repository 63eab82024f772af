raspc run empty.rasp -i abc; raspc run hist.rasp -o missing -i abc
