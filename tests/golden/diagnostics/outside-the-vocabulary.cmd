raspc run hist.rasp --engine interp --vocab abc -i abz
