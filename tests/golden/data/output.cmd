# a table of all outputs, an array each; whole or not at all
raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=true*2+false*' --output all.csv --output c=c.npy && cat all.csv
raspc run dynamics.rasp -i z0=@c.npy -o z
raspc run types.rasp -i 'v=[[1,2],[3,4]]' -i 'f=[1,0.1]' -i 'i=1*2' -i 'b=[1,0]' -i 's=["a,b","\"q\""]' --output - --output all.csv && cat all.csv
rm -f c.npy all.csv
raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=true*2+false*' --output c.npy
raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=true*2+false*' --output d=c.npy
raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=true*2+false*' --output c=c.npy --output owner=no/such.csv; ls c.npy
raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=true*2+false*' --output c=c.xls
# no file twice, and one of all results
for files in '--output c.csv --output c.csv' '--output c.csv --output c=.//c.csv' '--output a.jsonl --output b.txt'; do
    raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=true*2+false*' $files 2>&1; done; ls *.csv a.jsonl b.txt 2>/dev/null
# a result once, and alone as .csv or .npy only
raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=true*2+false*' -o owner -o c -o owner 2>&1
raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=true*2+false*' --output owner=a.jsonl 2>&1; ls a.jsonl *=* 2>/dev/null
