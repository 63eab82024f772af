# what only transformers over tokens have is no option of a program that names its inputs
for option in --causal '--vocab abc'; do
    raspc run floats.rasp -i 'x=[[1,2]]' --engine interp $option 2>&1
    raspc verify floats.rasp $option 2>&1
    raspc report floats.rasp $option 2>&1
    raspc dump --model floats.rasp $option 2>&1
    raspc compile floats.rasp -o floats.onnx $option 2>&1
done | sort | uniq -c
raspc compile floats.rasp -o floats.onnx --patterns --attention=op --registers keep 2>&1
ls floats.onnx 2>&1
raspc report floats.rasp --why 2>&1
