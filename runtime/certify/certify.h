/* Proves what a certificate claims, from the weights alone and in exact arithmetic.

   What is proven, for every input over the vocabulary up to the greatest length, of the
   arithmetic in the weights' own type, float32 or float64, of any runtime that adds in any order
   (IEEE additions, products and divisions; exp(0) is 1, and exp of less than -104, or -746, is 0):
   - the embedding puts every subspace at values of its claimed domain;
   - every head's queries, keys and scores are computed without rounding; the scores fall into the
     level of the selected keys and the rest, apart by the claimed gap times scale, at least 104
     or 746; the null key lies where it is claimed to; so softmax is an exact mean over the
     selected keys;
   - what a head moves into a subspace is in the claimed domain;
   - every unit group gives an exact code of its claimed domain, and how far its ReLUs' inputs stay
     from where that would change;
   - where the model is claimed to be causal, no head's mask lets a key after the query through;
   - the logits of every value are exact, or near enough that the decoded value is.

   What is not a matter of one query and one key is not proven but assumed, and said so: that no
   query selects two keys where a value (not a mean) is gathered, unless the keys are positions; and
   that a query selects any key at all where the keys are a ranking of the positions. Nothing is
   said of what the values mean: that is what `raspc verify` compares.

   How: states of the residual stream are followed from layer to layer. A variable is a set of
   subspaces that are functions of the same thing (the token; the position; what one head gathered
   and the steps of it); different variables are taken as independent, which only adds states. */
#ifndef RASPC_CERTIFY_H
#define RASPC_CERTIFY_H

#include "runtime/certify/certificate.h"
#include "runtime/model/weights.h"

/* Appends a line a head and a line a unit group to report. False: *why says what is the first
   thing that is not proven. *assumes: the lines of some heads say "(assumed)". */
bool certify(const Certificate *certificate, const DenseModel *weights, Buffer *report, Buffer *why,
             bool *assumes);

#endif
