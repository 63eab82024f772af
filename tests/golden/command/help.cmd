raspc help report
raspc explain-error E0201
raspc --color=always run -e undefined | cat; raspc run -e undefined --color=never
