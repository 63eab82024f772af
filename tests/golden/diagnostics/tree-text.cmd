raspc dump --tree --from tree tree-text.txt
