/* Column lists, compiled once and kept by their bytes. */
#include "decode_internal.h"

static ob_read scalar_read(char kind) {
    switch (kind) {
        case 'i': return ob_read_int;
        case 'b': return ob_read_bool;
        case 'f': return ob_read_float;
        case 'n': return ob_read_decimal;
        case 's': return ob_read_text;
        case 'y': return ob_read_bytes;
        case 'u': return ob_read_uuid;
        case 'd': return ob_read_date;
        case 't': return ob_read_time;
        case 'T': return ob_read_datetime;
        case 'v': return ob_read_interval;
        case 'j': return ob_read_json;
        case 'I': return ob_read_inet;
        case 'N': return ob_read_network;
        case 'R': return ob_read_record;
        default: return NULL;
    }
}

void ob_type_clear(ob_type *type) {
    for (Py_ssize_t i = 0; i < type->count; i++) {
        Py_XDECREF(type->fields[i].name);
        ob_type_clear(&type->fields[i].type);
    }
    PyMem_Free(type->fields);
    *type = (ob_type){NULL, NULL, 0};
}

/* Adds a field whose type is still empty. */
static ob_field *add_field(ob_type *type, Py_ssize_t *room) {
    if (type->count == *room) {
        Py_ssize_t wanted = *room * 2 + 1;
        ob_field *fields = PyMem_Realloc(type->fields, (size_t)wanted * sizeof *fields);
        if (fields == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        type->fields = fields;
        *room = wanted;
    }
    ob_field *field = &type->fields[type->count++];
    *field = (ob_field){NULL, {NULL, NULL, 0}};
    return field;
}

/* Reads [name, kind]; the names of columns repeat, like attributes, in the code that uses the rows. */
static bool compile_field(ob_reader *r, ob_field *field) {
    if (!ob_expect(r, '[', "a name and a kind")) {
        return false;
    }
    field->name = ob_read_text(r, NULL);
    if (field->name == NULL || !ob_expect(r, ',', "','")) {
        return false;
    }
    PyUnicode_InternInPlace(&field->name);
    return ob_type_compile(r, &field->type) && ob_expect(r, ']', "']'");
}

/* Reads [[name, kind], …]. */
static bool compile_fields(ob_reader *r, ob_type *type) {
    Py_ssize_t room = 0;
    bool more = true;
    if (!ob_expect(r, '[', "a list of names and kinds")) {
        return false;
    }
    if (ob_accept(r, ']')) {
        return true;
    }
    while (more) {
        ob_field *field = add_field(type, &room);
        if (field == NULL || !compile_field(r, field) || !ob_next_item(r, ']', &more)) {
            return false;
        }
    }
    return true;
}

static bool compile_element(ob_reader *r, ob_type *type) {
    Py_ssize_t room = 0;
    ob_field *element = add_field(type, &room);
    return element != NULL && ob_type_compile(r, &element->type);
}

static bool compile_compound(ob_reader *r, ob_type *type) {
    bool done;
    if (OB_ACCEPT(r, "[\"a\",")) {
        type->read = ob_read_array;
        done = compile_element(r, type);
    } else if (OB_ACCEPT(r, "[\"r\",")) {
        type->read = ob_read_range;
        done = compile_element(r, type);
    } else if (OB_ACCEPT(r, "[\"c\",")) {
        type->read = ob_read_composite;
        done = compile_fields(r, type);
    } else {
        return ob_unexpected(r, "a kind");
    }
    return done && ob_expect(r, ']', "']'");
}

static bool compile_scalar(ob_reader *r, ob_type *type) {
    if (r->end - r->next < 3 || r->next[2] != '"' || (type->read = scalar_read(r->next[1])) == NULL) {
        return ob_unexpected(r, "a kind");
    }
    r->next += 3;
    return true;
}

bool ob_type_compile(ob_reader *r, ob_type *type) {
    *type = (ob_type){NULL, NULL, 0};
    if (ob_at(r, '"')) {
        return compile_scalar(r, type);
    }
    if (!ob_enter(r)) {
        return false;
    }
    bool done = compile_compound(r, type);
    ob_leave(r, NULL);
    if (!done) {
        ob_type_clear(type);
    }
    return done;
}

static void plan_free(ob_plan *plan) {
    ob_type_clear(&plan->row);
    Py_XDECREF(plan->blank);
    PyMem_Free(plan);
}

void ob_plan_release(ob_plan *plan) {
    if (plan != NULL && --plan->references == 0) {
        plan_free(plan);
    }
}

/* An empty dict has room for five keys: copying a full one is quicker than growing, and no quicker up to there. */
static bool make_blank(ob_plan *plan) {
    if (plan->row.count <= 5) {
        return true;
    }
    plan->blank = PyDict_New();
    for (Py_ssize_t i = 0; plan->blank != NULL && i < plan->row.count; i++) {
        if (PyDict_SetItem(plan->blank, plan->row.fields[i].name, Py_None) < 0) {
            return false;
        }
    }
    return plan->blank != NULL;
}

static bool compile_columns(ob_reader *r, ob_plan *plan) {
    return compile_fields(r, &plan->row) && (r->next == r->end || ob_unexpected(r, "the end of the columns")) &&
           make_blank(plan);
}

static ob_plan *plan_new(ob_decoder *decoder, const char *columns, size_t length) {
    ob_plan *plan = PyMem_Malloc(sizeof *plan + length);
    if (plan == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    *plan = (ob_plan){.references = 1, .length = length};
    memcpy(plan->columns, columns, length);
    ob_reader r = {.next = columns, .end = columns + length, .start = columns, .decoder = decoder};
    if (!compile_columns(&r, plan)) {
        plan_free(plan);
        return NULL;
    }
    return plan;
}

static size_t slot_of(const char *columns, size_t length) {
    uint64_t hash = length, word;
    for (; length >= sizeof word; length -= sizeof word, columns += sizeof word) {
        memcpy(&word, columns, sizeof word);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15;
        hash ^= hash >> 32;
    }
    for (; length > 0; length--) {
        hash = (hash ^ (unsigned char)*columns++) * 0x9e3779b97f4a7c15;
    }
    return (size_t)(hash >> 48) % OB_PLAN_SLOTS;
}

ob_plan *ob_plan_get(ob_decoder *decoder, const char *columns, size_t length) {
    size_t slot = slot_of(columns, length);
    ob_plan *plan = decoder->plans[slot];
    if (plan == NULL || plan->length != length || memcmp(plan->columns, columns, length) != 0) {
        plan = plan_new(decoder, columns, length);
        if (plan == NULL) {
            return NULL;
        }
        ob_plan *old = decoder->plans[slot];
        decoder->plans[slot] = plan;
        ob_plan_release(old);
    }
    plan->references++;
    return plan;
}
