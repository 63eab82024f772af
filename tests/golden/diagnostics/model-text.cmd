raspc dump --model --from model model-text.txt
