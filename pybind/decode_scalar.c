/* Booleans, decimals, UUIDs and network addresses. */
#include "decode_internal.h"

PyObject *ob_read_bool(ob_reader *r, const ob_type *Py_UNUSED(type)) {
    if (OB_ACCEPT(r, "true")) {
        return Py_NewRef(Py_True);
    }
    return OB_ACCEPT(r, "false") ? Py_NewRef(Py_False) : ob_malformed(r, "true or false");
}

PyObject *ob_read_decimal(ob_reader *r, const ob_type *Py_UNUSED(type)) {
    ob_text text;
    return ob_scan_plain_text(r, &text) ? ob_from_text(r, OB_DECIMAL, &text) : NULL;
}

PyObject *ob_read_inet(ob_reader *r, const ob_type *Py_UNUSED(type)) {
    ob_text text;
    if (!ob_scan_plain_text(r, &text)) {
        return NULL;
    }
    bool slash = text.length > 0 && memchr(text.start, '/', (size_t)text.length) != NULL;
    return ob_from_text(r, slash ? OB_IP_INTERFACE : OB_IP_ADDRESS, &text);
}

PyObject *ob_read_network(ob_reader *r, const ob_type *Py_UNUSED(type)) {
    ob_text text;
    return ob_scan_plain_text(r, &text) ? ob_from_text(r, OB_IP_NETWORK, &text) : NULL;
}

/* Tells whether UUID has just the attributes of Python 3.11 to 3.14, so that setting them makes a complete object. */
static bool uuid_is_plain(ob_decoder *d) {
    if (d->uuid_is_plain == OB_UNKNOWN) {
        PyObject *slots = ob_lookup(d, OB_UUID_SLOTS);
        PyObject *known = slots != NULL ? Py_BuildValue("(sss)", "int", "is_safe", "__weakref__") : NULL;
        int same = known != NULL ? PyObject_RichCompareBool(slots, known, Py_EQ) : 0;
        Py_XDECREF(known);
        PyErr_Clear();
        d->uuid_is_plain = same == 1 ? OB_YES : OB_NO;
    }
    return d->uuid_is_plain == OB_YES;
}

/* Copies the digits of a UUID in canonical form; false when it has another. */
static bool uuid_digits(const ob_text *text, char digits[33]) {
    char *out = digits;
    if (text->length != 36) {
        return false;
    }
    for (int i = 0; i < 36; i++) {
        char c = text->start[i];
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (hyphen ? c != '-' : !digit) {
            return false;
        }
        if (!hyphen) {
            *out++ = c;
        }
    }
    *out = '\0';
    return true;
}

/* What UUID(int=…) does, without running its Python code. */
static PyObject *plain_uuid(ob_decoder *d, PyObject *number) {
    PyObject *class = ob_lookup(d, OB_UUID);
    PyObject *safety = class != NULL ? ob_lookup(d, OB_UUID_SAFETY) : NULL;
    PyObject *uuid = safety != NULL ? PyType_GenericAlloc((PyTypeObject *)class, 0) : NULL;
    if (uuid != NULL && (PyObject_GenericSetAttr(uuid, d->int_name, number) < 0 ||
                         PyObject_GenericSetAttr(uuid, d->is_safe_name, safety) < 0)) {
        Py_CLEAR(uuid);
    }
    return uuid;
}

PyObject *ob_read_uuid(ob_reader *r, const ob_type *Py_UNUSED(type)) {
    ob_text text;
    char digits[33];
    if (!ob_scan_plain_text(r, &text)) {
        return NULL;
    }
    if (!uuid_digits(&text, digits) || !uuid_is_plain(r->decoder)) {
        return ob_from_text(r, OB_UUID, &text);
    }
    PyObject *number = PyLong_FromString(digits, NULL, 16);
    PyObject *uuid = number != NULL ? plain_uuid(r->decoder, number) : NULL;
    Py_XDECREF(number);
    return uuid;
}
