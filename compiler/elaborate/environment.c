#include "compiler/elaborate/environment.h"

#include <string.h>

enum { SMALL = 8 }; /* up to here a plain scan is as fast as hashing */

Environment *environment_new(Arena *arena, Environment *parent) {
    Environment *env = ARENA_NEW(arena, Environment);
    env->parent = parent;
    if (parent) env->origin = parent->origin;
    return env;
}

static void index_add(Environment *env, uint32_t number) {
    uint64_t slot = string_hash(env->bindings[number].name);
    while (env->slots[slot & (env->slot_count - 1)] != 0)
        slot++;
    env->slots[slot & (env->slot_count - 1)] = number + 1;
}

static void index_grow(Arena *arena, Environment *env) {
    env->slot_count = env->slot_count ? env->slot_count * 2 : 4 * SMALL;
    env->slots = ARENA_ARRAY(arena, uint32_t, env->slot_count);
    for (uint32_t i = 0; i < env->count; i++)
        index_add(env, i);
}

Value *environment_own(const Environment *env, const String *name) {
    if (!env->slots) {
        for (uint32_t i = 0; i < env->count; i++)
            if (string_equal(env->bindings[i].name, name)) return &env->bindings[i].value;
        return NULL;
    }
    for (uint64_t slot = string_hash(name);; slot++) {
        uint32_t number = env->slots[slot & (env->slot_count - 1)];
        if (number == 0) return NULL;
        if (string_equal(env->bindings[number - 1].name, name))
            return &env->bindings[number - 1].value;
    }
}

const Value *environment_find(const Environment *env, const String *name) {
    for (; env; env = env->parent) {
        const Value *value = environment_own(env, name);
        if (value) return value;
    }
    return NULL;
}

void environment_set(Arena *arena, Environment *env, const String *name, Value value) {
    Value *own = environment_own(env, name);
    if (own) {
        *own = value;
        return;
    }
    if (env->count == env->capacity) {
        uint32_t capacity = env->capacity ? env->capacity * 2 : 4;
        env->bindings = arena_grow(arena, env->bindings, env->count, capacity, sizeof(Binding));
        env->capacity = capacity;
    }
    env->bindings[env->count++] = (Binding){name, value};
    if (env->count <= SMALL) return;
    if (env->count * 2 > env->slot_count)
        index_grow(arena, env);
    else
        index_add(env, env->count - 1);
}

void environment_truncate(Environment *env, uint32_t count) {
    env->count = count;
    if (!env->slots) return;
    memset(env->slots, 0, env->slot_count * sizeof *env->slots);
    for (uint32_t i = 0; i < count; i++)
        index_add(env, i);
}
