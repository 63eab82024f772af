work=$(mktemp -d); raspc compile hist.rasp -n hist -o $work/hist --vocab abc --max-len 6 >/dev/null
raspc compile hist.rasp -n hist -o $work/hist.npz --vocab abc --max-len 6 >/dev/null
cd $work
raspc certify hist; echo "status $?"
raspc certify --json hist.npz; echo "status $?"
sed -i 's/"gap":1.0/"gap":2.0/' hist/certificate.json
raspc certify hist; echo "status $?"
sed -i 's/"gap":2.0/"gap":1.0/; s/"weights_sha256":"./"weights_sha256":"_/' hist/certificate.json
raspc certify hist --json | tail -c 120; echo "status $?"
echo '{}' >hist/certificate.json
raspc certify hist; echo "status $?"
rm hist/certificate.json
raspc certify hist; echo "status $?"
raspc compile -e length -o length.onnx --vocab ab --max-len 3 >/dev/null; raspc certify length.onnx; echo "status $?"
raspc compile -e length -o lens --layout transformer-lens --vocab ab --max-len 3 >/dev/null; raspc certify lens; echo "status $?"
printf 'input a: float; b = a + 1; output b;\n' >real.rasp; raspc compile real.rasp -o real.npz >/dev/null; raspc certify real.npz; echo "status $?"
raspc certify; echo "status $?"
cd - >/dev/null; rm -r $work
