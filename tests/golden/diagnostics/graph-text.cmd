raspc dump --graph --from graph graph-text.txt
