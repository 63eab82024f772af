raspc draw -e 'aggregate(select(indices, indices - 1, ==), tokens, "-")' -i abc --output -
