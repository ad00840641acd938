/* Arrays, ranges, composites and records. */
#include "decode_internal.h"

/* The server's limit. */
#define MAX_DIMENSIONS 6

typedef struct {
    int64_t sizes[MAX_DIMENSIONS];
    int count;
} dimensions;

static bool append_element(ob_reader *r, const ob_type *element, PyObject *list) {
    PyObject *value = ob_read_value(r, element);
    bool done = value != NULL && PyList_Append(list, value) == 0;
    Py_XDECREF(value);
    return done;
}

static bool read_elements(ob_reader *r, const ob_type *element, PyObject *list) {
    bool more = true;
    if (!ob_expect(r, '[', "an array")) {
        return false;
    }
    if (ob_accept(r, ']')) {
        return true;
    }
    while (more) {
        if (!append_element(r, element, list) || !ob_next_item(r, ']', &more)) {
            return false;
        }
    }
    return true;
}

/* Reads the next part of a flat list as a list of the dimensions from `level` on. */
static PyObject *read_nested(ob_reader *r, const ob_type *element, const dimensions *d, int level) {
    PyObject *list = PyList_New(0);
    for (int64_t i = 0; list != NULL && i < d->sizes[level]; i++) {
        if (i > 0 && !ob_expect(r, ',', "',' and as many elements as the dimensions say")) {
            Py_CLEAR(list);
        } else if (level == d->count - 1) {
            if (!append_element(r, element, list)) {
                Py_CLEAR(list);
            }
        } else {
            PyObject *inner = read_nested(r, element, d, level + 1);
            if (inner == NULL || PyList_Append(list, inner) < 0) {
                Py_CLEAR(list);
            }
            Py_XDECREF(inner);
        }
    }
    return list;
}

static bool read_size(ob_reader *r, dimensions *d) {
    int64_t size = 0;
    const char *start = r->next;
    while (r->next < r->end && *r->next >= '0' && *r->next <= '9' && r->next - start < 10) {
        size = size * 10 + (*r->next++ - '0');
    }
    if (size == 0 || d->count == MAX_DIMENSIONS) {
        return ob_unexpected(r, "one to six sizes of dimensions");
    }
    d->sizes[d->count++] = size;
    return true;
}

static PyObject *read_dimensions(ob_reader *r, const ob_type *element) {
    dimensions d = {.count = 0};
    bool more = true;
    while (more) {
        if (!read_size(r, &d) || !ob_next_item(r, ']', &more)) {
            return NULL;
        }
    }
    if (!OB_ACCEPT(r, ",\"flat\":[")) {
        return ob_malformed(r, "the elements of the array");
    }
    PyObject *list = read_nested(r, element, &d, 0);
    if (list != NULL && !OB_ACCEPT(r, "]}")) {
        Py_CLEAR(list);
        return ob_malformed(r, "the end of the array");
    }
    return list;
}

static PyObject *read_array(ob_reader *r, const ob_type *element) {
    if (OB_ACCEPT(r, "{\"dims\":[")) {
        return read_dimensions(r, element);
    }
    PyObject *list = PyList_New(0);
    if (list != NULL && !read_elements(r, element, list)) {
        Py_CLEAR(list);
    }
    return list;
}

PyObject *ob_read_array(ob_reader *r, const ob_type *type) {
    return ob_enter(r) ? ob_leave(r, read_array(r, &type->fields->type)) : NULL;
}

static PyObject *empty_range(PyObject *class) {
    PyObject *arguments = PyTuple_New(0), *options = Py_BuildValue("{s:O}", "empty", Py_True);
    PyObject *range = arguments != NULL && options != NULL ? PyObject_Call(class, arguments, options) : NULL;
    Py_XDECREF(arguments);
    Py_XDECREF(options);
    return range;
}

/* Reads [lower, upper, bounds] after its opening bracket into parts. */
static bool read_bounds(ob_reader *r, const ob_type *element, PyObject *parts[3]) {
    parts[0] = ob_read_value(r, element);
    if (parts[0] == NULL || !ob_expect(r, ',', "','")) {
        return false;
    }
    parts[1] = ob_read_value(r, element);
    if (parts[1] == NULL || !ob_expect(r, ',', "','")) {
        return false;
    }
    parts[2] = ob_read_text(r, NULL);
    return parts[2] != NULL && ob_expect(r, ']', "']'");
}

static PyObject *read_range(ob_reader *r, const ob_type *element) {
    PyObject *parts[3] = {NULL, NULL, NULL}, *range = NULL;
    PyObject *class = ob_lookup(r->decoder, OB_RANGE);
    if (class == NULL) {
        return NULL;
    }
    if (OB_ACCEPT(r, "\"empty\"")) {
        return empty_range(class);
    }
    if (ob_expect(r, '[', "a range") && read_bounds(r, element, parts)) {
        range = PyObject_CallFunctionObjArgs(class, parts[0], parts[1], parts[2], NULL);
    }
    for (int i = 0; i < 3; i++) {
        Py_XDECREF(parts[i]);
    }
    return range;
}

PyObject *ob_read_range(ob_reader *r, const ob_type *type) {
    return ob_enter(r) ? ob_leave(r, read_range(r, &type->fields->type)) : NULL;
}

bool ob_read_fields(ob_reader *r, const ob_type *type, PyObject *dict, Py_ssize_t *at) {
    *at = 0;
    if (!ob_expect(r, '[', "a list of values")) {
        return false;
    }
    for (Py_ssize_t i = 0; i < type->count; i++) {
        const ob_field *field = &type->fields[i];
        *at = i;
        if (i > 0 && !ob_expect(r, ',', "',' and one value per name")) {
            return false;
        }
        PyObject *value = ob_read_value(r, &field->type);
        if (value == NULL) {
            return false;
        }
        int status = PyDict_SetItem(dict, field->name, value);
        Py_DECREF(value);
        if (status < 0) {
            return false;
        }
    }
    return ob_expect(r, ']', "']' and one value per name");
}

static PyObject *read_composite(ob_reader *r, const ob_type *type) {
    Py_ssize_t at;
    PyObject *dict = PyDict_New();
    if (dict != NULL && !ob_read_fields(r, type, dict, &at)) {
        Py_CLEAR(dict);
    }
    return dict;
}

PyObject *ob_read_composite(ob_reader *r, const ob_type *type) {
    return ob_enter(r) ? ob_leave(r, read_composite(r, type)) : NULL;
}

/* Reads [kind, value]. */
static bool append_pair(ob_reader *r, PyObject *list) {
    ob_type type;
    if (!ob_expect(r, '[', "a kind and a value") || !ob_type_compile(r, &type)) {
        return false;
    }
    bool done = ob_expect(r, ',', "','") && append_element(r, &type, list) && ob_expect(r, ']', "']'");
    ob_type_clear(&type);
    return done;
}

static bool read_pairs(ob_reader *r, PyObject *list) {
    bool more = true;
    if (!ob_expect(r, '[', "a record")) {
        return false;
    }
    if (ob_accept(r, ']')) {
        return true;
    }
    while (more) {
        if (!append_pair(r, list) || !ob_next_item(r, ']', &more)) {
            return false;
        }
    }
    return true;
}

static PyObject *read_record(ob_reader *r) {
    PyObject *list = PyList_New(0);
    PyObject *tuple = list != NULL && read_pairs(r, list) ? PyList_AsTuple(list) : NULL;
    Py_XDECREF(list);
    return tuple;
}

PyObject *ob_read_record(ob_reader *r, const ob_type *Py_UNUSED(type)) {
    return ob_enter(r) ? ob_leave(r, read_record(r)) : NULL;
}
