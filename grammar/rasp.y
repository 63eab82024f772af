/* The grammar of RASP (docs/language.md, part I.2). Actions only call constructors (tree.c); where
   a statement begins, what a missing ';' is and how reading goes on after a mistake is decided
   before tokens get here (tokens.c, parse.c). */

%require "3.8"
%expect 0
%define api.pure full
%define api.push-pull push
%define api.prefix {rasp_}
%define api.token.prefix {T_}
%define api.value.type union
%define api.location.type {Span}
%define parse.error custom
%define parse.lac full
%locations
%param { Parser *parser }

%code requires {
#include "grammar/parse.h"
}

%code {
#include "runtime/base/limits.h"

/* An empty right side stands right behind what came before it. */
#define YYLLOC_DEFAULT(current, rhs, n)                                                            \
    ((current) = (n) ? span_join(YYRHSLOC(rhs, 1), YYRHSLOC(rhs, n))                               \
                     : (Span){parser->file, YYRHSLOC(rhs, 0).end, YYRHSLOC(rhs, 0).end})

/* A level of nesting takes a few symbols on the stack. */
#define YYMAXDEPTH (32 * LIMIT_NESTING)

static void rasp_error(Span *span, Parser *parser, const char *message);
}

%token NAME "a name" INT "an integer" FLOAT "a number" STRING "a string"
%token AND "'and'" OR "'or'" NOT "'not'" IF "'if'" ELSE "'else'" FOR "'for'" IN "'in'"
%token DEF "'def'" RETURN "'return'" LOAD "'load'" DRAW "'draw'" CHECK "'check'"
%token INPUT "'input'" PARAM "'param'" OUTPUT "'output'" REQUIRE "'require'"
%token REPEAT "'repeat'" UNTIL "'until'"
%token SELECT "'select'" AGGREGATE "'aggregate'" RANGE "'range'" ZIP "'zip'" LEN "'len'"
%token ROUND "'round'" INDICATOR "'indicator'"
%token EQ "'=='" NE "'!='" LE "'<='" GE "'>='" APPROX "'~='"
%token SET "'set'" SHOW "'show'" EXAMPLE "'example'" EXAMPLES "'examples'" ON "'on'" OFF "'off'"
%token SOP "'s-op'" SELECTOR "'selector'" FULL_DISPLAY "'full seq display'" EXIT "'exit'"
%token LINE_END "the end of the line"
%token RESYNC "the end of a broken statement"   /* sent when reading goes on after a mistake */
%token RESYNC_BLOCK "the block of a broken head"

%left IN
%left IF ELSE
%left AND OR
%left EQ LE GE '<' '>'
%left '+' '-'
%left '%'
%left '*' '/'
%left '^'
%precedence UNARY
%precedence '[' '('

%nterm <Statements> entries statements
%nterm <Tree *> statement repl_statement expr names values pairs_for check def for parameters
%nterm <Tree *> declaration repeat until type argument lone_operator
%nterm <TreeList> name_list value_list value_list_opt pair_list arguments argument_list
%nterm <Operator> comparison
%nterm <int> which switch

%%

program:
    entries                    { parser->program = build_program(parser, @$, $1); }
  ;

entries:
    %empty                     { $$ = statements_start(parser); }
  | entries statement          { $$ = statements_add(parser, $1, $2); }
  | entries repl_statement     { $$ = statements_add(parser, $1, $2); }
  | entries RETURN values ';'  { $$ = statements_return($1, @2, $3); }
  ;

statements:
    %empty                       { $$ = statements_start(parser); }
  | statements statement         { $$ = statements_add(parser, $1, $2); }
  | statements RETURN values ';' { $$ = statements_return($1, @2, $3); }
  ;

statement:
    expr ';'                       { $$ = build_node(parser, TREE_EXPRESSION, @$, $1, NULL, NULL); }
  | names '=' values ';'           { $$ = build_node(parser, TREE_ASSIGN, @$, $1, $3, NULL); }
  | DRAW '(' expr ')' ';'          { $$ = build_form(parser, TREE_DRAW, @$, @1, $3, NULL, NULL); }
  | DRAW '(' expr ',' expr ')' ';' { $$ = build_form(parser, TREE_DRAW, @$, @1, $3, $5, NULL); }
  | LOAD STRING ';'                { $$ = build_load(parser, @$, @2); }
  | check
  | declaration
  | def
  | for
  | repeat
  | error RESYNC                   { $$ = build_error(parser, @$); yyerrok; }
  ;

check:
    CHECK expr ';'             { $$ = build_form(parser, TREE_CHECK, @$, @1, $2, NULL, NULL); }
  | CHECK expr APPROX expr ';' { $$ = build_form(parser, TREE_CHECK, @$, @1, $2, $4, NULL); }
  ;

def:
    DEF NAME '(' parameters ')' '{' statements '}'
      { $$ = build_def(parser, @$, @2, $4, span_join(@6, @8), $7); }
  | DEF error RESYNC           { $$ = build_error(parser, @$); yyerrok; }
  | DEF error resync_block '{' statements '}' { $$ = build_error(parser, @$); }
  ;

for:
    FOR names IN expr '{' statements '}'
      { $$ = build_for(parser, @$, $2, $4, span_join(@5, @7), $6); }
  | FOR error RESYNC           { $$ = build_error(parser, @$); yyerrok; }
  | FOR error resync_block '{' statements '}' { $$ = build_error(parser, @$); }
  ;

declaration:
    INPUT NAME ':' type ';'
      { $$ = build_declaration(parser, TREE_INPUT, @$, @2, $4, NULL); }
  | PARAM NAME ':' type '=' expr ';'
      { $$ = build_declaration(parser, TREE_PARAM, @$, @2, $4, $6); }
  | OUTPUT names ';'           { $$ = build_form(parser, TREE_OUTPUT, @$, @1, $2, NULL, NULL); }
  | REQUIRE expr ';'           { $$ = build_form(parser, TREE_REQUIRE, @$, @1, $2, NULL, NULL); }
  | REQUIRE expr ',' expr ';'  { $$ = build_form(parser, TREE_REQUIRE, @$, @1, $2, $4, NULL); }
  ;

type:
    NAME                       { $$ = build_type(parser, @$, @1, list_start(parser)); }
  | NAME '[' value_list ']'    { $$ = build_type(parser, @$, @1, $3); }
  ;

repeat:
    REPEAT expr until '{' statements '}'
      { $$ = build_repeat(parser, @$, @1, $2, $3, span_join(@4, @6), $5); }
  | REPEAT error RESYNC        { $$ = build_error(parser, @$); yyerrok; }
  | REPEAT error resync_block '{' statements '}' { $$ = build_error(parser, @$); }
  ;

until:
    %empty                     { $$ = NULL; }
  | UNTIL '(' expr ')'         { $$ = $3; }
  ;

resync_block:
    RESYNC_BLOCK               { yyerrok; }
  ;

parameters:
    %empty                     { $$ = build_list(parser, TREE_NAMES, @$, list_start(parser)); }
  | names
  ;

repl_statement:
    SET which EXAMPLE expr LINE_END { $$ = build_repl(parser, TREE_SET_EXAMPLE, @$, $2, 0, $4); }
  | SHOW which EXAMPLE         { $$ = build_repl(parser, TREE_SHOW_EXAMPLE, @$, $2, 0, NULL); }
  | EXAMPLES switch            { $$ = build_repl(parser, TREE_EXAMPLES, @$, WHICH_BOTH, $2, NULL); }
  | SOP EXAMPLES switch        { $$ = build_repl(parser, TREE_EXAMPLES, @$, WHICH_SOP, $3, NULL); }
  | SELECTOR EXAMPLES switch
      { $$ = build_repl(parser, TREE_EXAMPLES, @$, WHICH_SELECTOR, $3, NULL); }
  | FULL_DISPLAY switch        { $$ = build_repl(parser, TREE_FULL_DISPLAY, @$, 0, $2, NULL); }
  | EXIT                       { $$ = build_repl(parser, TREE_EXIT, @$, 0, 0, NULL); }
  ;

which:
    %empty                     { $$ = WHICH_BOTH; }
  | SOP                        { $$ = WHICH_SOP; }
  | SELECTOR                   { $$ = WHICH_SELECTOR; }
  ;

switch:
    ON                         { $$ = 1; }
  | OFF                        { $$ = 0; }
  ;

names:
    name_list                  { $$ = build_list(parser, TREE_NAMES, @$, $1); }
  ;

name_list:
    NAME
      { $$ = list_add(parser, list_start(parser), build_leaf(parser, TREE_NAME, @1)); }
  | name_list ',' NAME
      { $$ = list_add(parser, $1, build_leaf(parser, TREE_NAME, @3)); }
  ;

values:
    value_list                 { $$ = build_list(parser, TREE_EXPRESSIONS, @$, $1); }
  ;

value_list:
    expr                       { $$ = list_add(parser, list_start(parser), $1); }
  | value_list ',' expr        { $$ = list_add(parser, $1, $3); }
  ;

value_list_opt:
    %empty                     { $$ = list_start(parser); }
  | value_list
  ;

/* Of a call: values, named values, and behind them all a lone operator. */
arguments:
    %empty                     { $$ = list_start(parser); }
  | argument_list
  | argument_list ',' lone_operator { $$ = list_add(parser, $1, $3); }
  ;

argument_list:
    argument                   { $$ = list_add(parser, list_start(parser), $1); }
  | argument_list ',' argument { $$ = list_add(parser, $1, $3); }
  ;

argument:
    expr
  | NAME '=' expr              { $$ = build_named(parser, @$, @1, $3); }
  ;

lone_operator:
    '+'                        { $$ = build_operator(parser, @$, OPERATOR_ADD); }
  | '-'                        { $$ = build_operator(parser, @$, OPERATOR_SUB); }
  | '*'                        { $$ = build_operator(parser, @$, OPERATOR_MUL); }
  ;

pair_list:
    expr ':' expr               { $$ = list_pair(parser, list_start(parser), $1, $3); }
  | pair_list ',' expr ':' expr { $$ = list_pair(parser, $1, $3, $5); }
  ;

expr:
    NAME                       { $$ = build_leaf(parser, TREE_NAME, @$); }
  | INT                        { $$ = build_leaf(parser, TREE_INT, @$); }
  | FLOAT                      { $$ = build_leaf(parser, TREE_FLOAT, @$); }
  | STRING                     { $$ = build_leaf(parser, TREE_STRING, @$); }
  | '(' expr ')'               { $$ = build_node(parser, TREE_PAREN, @$, $2, NULL, NULL); }
  | '[' value_list_opt ']'     { $$ = build_list(parser, TREE_LIST, @$, $2); }
  | '[' expr FOR names IN expr ']'
                               { $$ = build_node(parser, TREE_LIST_FOR, @$, $2, $4, $6); }
  | '{' '}'                    { $$ = build_list(parser, TREE_DICT, @$, list_start(parser)); }
  | '{' pair_list '}'          { $$ = build_list(parser, TREE_DICT, @$, $2); }
  | pairs_for
  | SELECT '(' expr ',' expr ',' comparison ')'
                               { $$ = build_select(parser, @$, @1, $3, $5, $7); }
  | AGGREGATE '(' expr ',' expr ')'
                               { $$ = build_form(parser, TREE_AGGREGATE, @$, @1, $3, $5, NULL); }
  | AGGREGATE '(' expr ',' expr ',' expr ')'
                               { $$ = build_form(parser, TREE_AGGREGATE, @$, @1, $3, $5, $7); }
  | RANGE '(' value_list ')'   { $$ = build_form_list(parser, TREE_RANGE, @$, @1, $3); }
  | ZIP '(' value_list ')'     { $$ = build_form_list(parser, TREE_ZIP, @$, @1, $3); }
  | LEN '(' expr ')'           { $$ = build_form(parser, TREE_LEN, @$, @1, $3, NULL, NULL); }
  | ROUND '(' expr ')'         { $$ = build_form(parser, TREE_ROUND, @$, @1, $3, NULL, NULL); }
  | INDICATOR '(' expr ')'     { $$ = build_form(parser, TREE_INDICATOR, @$, @1, $3, NULL, NULL); }
  | expr '[' expr ']'          { $$ = build_node(parser, TREE_INDEX, @$, $1, $3, NULL); }
  | expr '(' arguments ')'      { $$ = build_call(parser, @$, $1, $3); }
  | NOT expr %prec UNARY       { $$ = build_unary(parser, @$, OPERATOR_NOT, $2); }
  | '-' expr %prec UNARY       { $$ = build_unary(parser, @$, OPERATOR_SUB, $2); }
  | '+' expr %prec UNARY       { $$ = build_unary(parser, @$, OPERATOR_ADD, $2); }
  | expr '^' expr              { $$ = build_binary(parser, @$, OPERATOR_POW, $1, $3); }
  | expr '*' expr              { $$ = build_binary(parser, @$, OPERATOR_MUL, $1, $3); }
  | expr '/' expr              { $$ = build_binary(parser, @$, OPERATOR_DIV, $1, $3); }
  | expr '%' expr              { $$ = build_binary(parser, @$, OPERATOR_MOD, $1, $3); }
  | expr '+' expr              { $$ = build_binary(parser, @$, OPERATOR_ADD, $1, $3); }
  | expr '-' expr              { $$ = build_binary(parser, @$, OPERATOR_SUB, $1, $3); }
  | expr EQ expr               { $$ = build_binary(parser, @$, OPERATOR_EQ, $1, $3); }
  | expr LE expr               { $$ = build_binary(parser, @$, OPERATOR_LE, $1, $3); }
  | expr GE expr               { $$ = build_binary(parser, @$, OPERATOR_GE, $1, $3); }
  | expr '<' expr              { $$ = build_binary(parser, @$, OPERATOR_LT, $1, $3); }
  | expr '>' expr              { $$ = build_binary(parser, @$, OPERATOR_GT, $1, $3); }
  | expr AND expr              { $$ = build_binary(parser, @$, OPERATOR_AND, $1, $3); }
  | expr OR expr               { $$ = build_binary(parser, @$, OPERATOR_OR, $1, $3); }
  | expr IF expr ELSE expr     { $$ = build_node(parser, TREE_CHOOSE, @$, $1, $3, $5); }
  | expr IN expr               { $$ = build_node(parser, TREE_IN, @$, $1, $3, NULL); }
  ;

pairs_for:
    '{' expr ':' expr FOR names IN expr '}'
                               { $$ = build_dict_for(parser, @$, $2, $4, $6, $8); }
  ;

comparison:
    EQ                         { $$ = OPERATOR_EQ; }
  | NE                         { $$ = OPERATOR_NE; }
  | LE                         { $$ = OPERATOR_LE; }
  | GE                         { $$ = OPERATOR_GE; }
  | '<'                        { $$ = OPERATOR_LT; }
  | '>'                        { $$ = OPERATOR_GT; }
  ;

%%

static int yyreport_syntax_error(const yypcontext_t *context, Parser *parser) {
    yysymbol_kind_t expected[YYNTOKENS];
    const char *names[YYNTOKENS];
    int count = yypcontext_expected_tokens(context, expected, YYNTOKENS);
    for (int i = 0; i < count; i++)
        names[i] = yysymbol_name(expected[i]);
    yysymbol_kind_t found = yypcontext_token(context);
    parser_unexpected(parser, *yypcontext_location(context),
                      found == YYSYMBOL_YYEMPTY ? "" : yysymbol_name(found), names, count);
    return 0;
}

/* Only a stack that is full comes this way: mistakes in the text are reported above. */
static void rasp_error(Span *span, Parser *parser, const char *message) {
    (void)message;
    parser_too_deep(parser, *span);
}
