/* Environments: names and their values, one inside another. In the session's arena. */
#ifndef RASPC_ELABORATE_ENVIRONMENT_H
#define RASPC_ELABORATE_ENVIRONMENT_H

#include "compiler/elaborate/value.h"

typedef struct Binding {
    const String *name;
    Value value;
} Binding;

struct Environment {
    Environment *parent;
    Environment *exports_to; /* a loaded file's: where its public names go as well */
    bool is_top;             /* the program's or a loaded file's own level */
    const char *origin;      /* for functions defined here */
    uint32_t count, capacity;
    Binding *bindings; /* (count), in order of first assignment */
    uint32_t *slots;   /* hash index once there are many; 1 + number, 0 free */
    uint32_t slot_count;
};

Environment *environment_new(Arena *arena, Environment *parent);
/* In this environment alone, or NULL. */
Value *environment_own(const Environment *env, const String *name);
/* Here or outwards, or NULL. */
const Value *environment_find(const Environment *env, const String *name);
/* Forgets all but the first count bindings. */
void environment_truncate(Environment *env, uint32_t count);
void environment_set(Arena *arena, Environment *env, const String *name, Value value);

#endif
