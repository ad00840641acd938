/* Any JSON: columns of json, jsonb and hstore, and the payloads other than ROWS. Reads what Python's json module reads,
 * except for NaN and Infinity, which are no JSON. */
#include "decode_internal.h"

static void skip_space(ob_reader *r) {
    while (r->next < r->end && (*r->next == ' ' || *r->next == '\n' || *r->next == '\t' || *r->next == '\r')) {
        r->next++;
    }
}

/* A str that is kept for the next object with the same key. */
static PyObject *kept_key(ob_reader *r, const ob_text *text) {
    uint32_t hash = 2166136261;
    for (Py_ssize_t i = 0; i < text->length; i++) {
        hash = (hash ^ (unsigned char)text->start[i]) * 16777619;
    }
    ob_key *key = &r->decoder->keys[(hash ^ hash >> 16) % OB_KEY_SLOTS];
    size_t length = (size_t)text->length;
    if (key->object != NULL && key->length == length && memcmp(key->text, text->start, length) == 0) {
        return Py_NewRef(key->object);
    }
    PyObject *object = ob_text_object(r, text);
    if (object != NULL) {
        Py_XDECREF(key->object);
        key->object = Py_NewRef(object);
        key->length = (uint8_t)length;
        memcpy(key->text, text->start, length);
    }
    return object;
}

static PyObject *read_key(ob_reader *r) {
    ob_text text;
    if (!ob_scan_text(r, &text)) {
        return NULL;
    }
    return text.escaped || text.length > OB_KEY_LENGTH ? ob_text_object(r, &text) : kept_key(r, &text);
}

static bool read_member(ob_reader *r, PyObject *dict) {
    skip_space(r);
    PyObject *key = read_key(r);
    if (key == NULL) {
        return false;
    }
    skip_space(r);
    PyObject *value = ob_expect(r, ':', "':'") ? ob_read_json(r, NULL) : NULL;
    bool done = value != NULL && PyDict_SetItem(dict, key, value) == 0;
    Py_DECREF(key);
    Py_XDECREF(value);
    return done;
}

static bool read_item(ob_reader *r, PyObject *list) {
    PyObject *value = ob_read_json(r, NULL);
    bool done = value != NULL && PyList_Append(list, value) == 0;
    Py_XDECREF(value);
    return done;
}

/* Reads the rest of an object or array into `container`, which is given up on failure. */
static PyObject *read_items(ob_reader *r, PyObject *container, char closing, bool (*read)(ob_reader *, PyObject *)) {
    bool more = true;
    if (container == NULL) {
        return NULL;
    }
    skip_space(r);
    if (ob_accept(r, closing)) {
        return container;
    }
    while (more) {
        if (!read(r, container) || !ob_next_item(r, closing, &more)) {
            Py_DECREF(container);
            return NULL;
        }
    }
    return container;
}

static PyObject *read_container(ob_reader *r) {
    if (!ob_enter(r)) {
        return NULL;
    }
    if (ob_accept(r, '{')) {
        return ob_leave(r, read_items(r, PyDict_New(), '}', read_member));
    }
    r->next++;
    return ob_leave(r, read_items(r, PyList_New(0), ']', read_item));
}

static PyObject *read_word(ob_reader *r) {
    if (OB_ACCEPT(r, "null")) {
        return Py_NewRef(Py_None);
    }
    if (OB_ACCEPT(r, "true")) {
        return Py_NewRef(Py_True);
    }
    return OB_ACCEPT(r, "false") ? Py_NewRef(Py_False) : ob_malformed(r, "a JSON value");
}

static PyObject *read_one(ob_reader *r) {
    char first = r->next < r->end ? *r->next : '\0';
    if (first == '"') {
        return ob_read_text(r, NULL);
    }
    if (first == '-' || (first >= '0' && first <= '9')) {
        return ob_read_number(r);
    }
    return first == '{' || first == '[' ? read_container(r) : read_word(r);
}

PyObject *ob_read_json(ob_reader *r, const ob_type *Py_UNUSED(type)) {
    skip_space(r);
    PyObject *value = read_one(r);
    skip_space(r);
    return value;
}
