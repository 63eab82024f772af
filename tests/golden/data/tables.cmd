# tables that other programs write: blanks round names, marks before the text, other separators, names that come twice
look() { raspc run types.rasp -i "$1" -i f=1* -i i=1* -i b=true* -i s=@words.csv:name 2>&1; }
printf 'id, name\n1,x\n2,y\n' >words.csv
printf '\357\273\277[[1,2],[3,4]]' >marked.json; look v=@marked.json
printf '\357\273\277[1,2]\n[3,4]\n' >marked.jsonl; look v=@marked.jsonl
printf '1;2\n3;4\n' >other.csv; look v=@other.csv
printf 'a\tb\n3\t4\n' >other.csv; look v=@other.csv
printf '1.5  2 3\n' >other.csv; look v=@other.csv
printf '1,5;2,5\n' >other.csv; look v=@other.csv
printf '2020 Q1,2020 Q2\n1,2\n3,4\n' >other.csv; look v=@other.csv
printf '1,2\0003\n' >other.csv; look v=@other.csv
printf 'a,b,a\n1,2,3\n4,5,6\n' >twice.csv; look v=@twice.csv:b,a; look v=@twice.csv:2,3
rm -f words.csv marked.json marked.jsonl other.csv twice.csv
