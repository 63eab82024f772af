/* Inside the grammar form only: what a node of each kind holds, from tree.def. */
#ifndef RASPC_TREE_SHAPE_H
#define RASPC_TREE_SHAPE_H

#include "grammar/tree.h"

/* What stands between a node's name and its children in the text form. */
typedef enum TreeDetail {
    DETAIL_NONE,
    DETAIL_TEXT,         /* text, quoted */
    DETAIL_OPERATOR,     /* op as an Operator, quoted */
    DETAIL_WHICH,        /* both, s-op or selector */
    DETAIL_SWITCH,       /* on or off */
    DETAIL_WHICH_SWITCH, /* one of each */
} TreeDetail;
TreeDetail tree_detail(TreeKind kind);

/* Whether the children are those that tree.def says. */
bool tree_children_fit(const Tree *tree);
/* Whether the operator and the text are such as the grammar reads. */
bool tree_detail_fits(const Tree *tree);

#endif
