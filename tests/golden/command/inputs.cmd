make_files() {
    printf 'ab\nc d\n' >words.txt
    printf '1,2.5,x\n"a""b",True\n' >cells.csv
    printf '["x", "y"]\n"hey"\n' >values.json
    printf '\223NUMPY\001\000\067\000{"descr": "<i2", "fortran_order": False, "shape": (2,)}\001\000\377\377' >array.npy
}
place=$(mktemp -d) && cd "$place" && make_files
raspc run -e tokens -i @words.txt -i @cells.csv -i @values.json -i @array.npy
printf 'one\ntwo\n' | raspc run -e indices -i -
printf '[1, 2]\n[[3], 4]\n' | raspc run -e tokens -i - --json
raspc run -e tokens -i @words.doc -i @missing.txt -i '' -i '{"a": 1}' -i 'x=[1]' -i '[1, nothing]'; echo "status $?"
rm -r "$place"
