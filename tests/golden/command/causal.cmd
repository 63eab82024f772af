before='selector_width(select(tokens, tokens, ==) and select(indices, indices, <))'
raspc report -e "$before" --vocab ab --max-len 4 | grep -E 'causal|head  *(sel|before)'
raspc report -e "$before" --vocab ab --max-len 4 --causal | grep causal
raspc report -e 'length - indices' --vocab ab --max-len 4 | grep causal
raspc report -e 'length - indices' --vocab ab --max-len 4 --causal --json | tr ',' '\n' | grep -E 'refused|E07|message'
raspc verify -e "$before" --vocab ab --max-len 4 --causal
raspc verify -e 'length' --vocab ab --max-len 4 --causal 2>/dev/null; echo "status $?"
work=$(mktemp -d); cd $work
raspc compile -e "$before" -o x.rtm --vocab ab --max-len 4 --causal >/dev/null; head -1 x.rtm
raspc dump --model --from model x.rtm | cmp - x.rtm && echo same
sed 's/mask ..-1/mask ..1/' x.rtm | raspc dump --model --from model -; echo "status $?"
raspc compile -e "$before" -o x --vocab ab --max-len 4 --causal >/dev/null; raspc certify x | head -1
raspc compile -e length -o y --vocab ab --max-len 4 >/dev/null; sed -i 's/"causal":false/"causal":true/' y/certificate.json
raspc certify y; echo "status $?"
cd - >/dev/null; rm -r $work
