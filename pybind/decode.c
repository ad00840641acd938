/* Payloads: result sets row by row, all others as plain JSON. */
#include "decode_internal.h"

#include "ouroboros_postgres.h"

PyObject *ob_malformed(const ob_reader *r, const char *expected) {
    ob_unexpected(r, expected);
    return NULL;
}

bool ob_unexpected(const ob_reader *r, const char *expected) {
    PyErr_Format(r->decoder->error, "malformed payload at byte %zd of %zd: expected %s", r->next - r->start,
                 r->end - r->start, expected);
    return false;
}

/* The column list ends at ],"rows":[ because quotes inside of strings are escaped: nothing else looks like that. */
static const char *end_of_columns(const ob_reader *r) {
    static const char mark[] = "],\"rows\":[";
    const ptrdiff_t before = sizeof "],\"rows\"" - 1, after = sizeof mark - 1 - (size_t)before;
    const char *next = r->next;
    while (next < r->end && (next = memchr(next, ':', (size_t)(r->end - next))) != NULL) {
        if (next - r->next >= before && r->end - next >= after && memcmp(next - before, mark, sizeof mark - 1) == 0) {
            return next - before + 1;
        }
        next++;
    }
    return NULL;
}

static ob_plan *read_columns(ob_reader *r) {
    if (!OB_ACCEPT(r, "{\"cols\":")) {
        ob_malformed(r, "the columns");
        return NULL;
    }
    const char *end = end_of_columns(r);
    if (end == NULL) {
        ob_malformed(r, "columns with rows after them");
        return NULL;
    }
    ob_plan *plan = ob_plan_get(r->decoder, r->next, (size_t)(end - r->next));
    r->next = end + sizeof ",\"rows\":[" - 1;
    return plan;
}

/* DeserializationError for the exception `cause`; NULL with another exception. */
static PyObject *deserialization_error(ob_reader *r, PyObject *name, PyObject *cause) {
    PyObject *class = ob_lookup(r->decoder, OB_DESERIALIZATION_ERROR);
    PyObject *message = class != NULL ? PyUnicode_FromFormat("column %R: %S", name, cause) : NULL;
    PyObject *arguments = message != NULL ? PyTuple_Pack(1, message) : NULL;
    PyObject *options = arguments != NULL ? Py_BuildValue("{s:O}", "column_name", name) : NULL;
    PyObject *error = options != NULL ? PyObject_Call(class, arguments, options) : NULL;
    Py_XDECREF(message);
    Py_XDECREF(arguments);
    Py_XDECREF(options);
    if (error != NULL) {
        PyException_SetCause(error, Py_NewRef(cause));
        PyException_SetContext(error, Py_NewRef(cause));
        PyErr_SetObject(class, error);
        Py_DECREF(error);
    }
    return NULL;
}

/* Says which column has a value that Python refuses. */
static void name_column(ob_reader *r, PyObject *name) {
    PyObject *type, *cause, *traceback;
    if (PyErr_ExceptionMatches(r->decoder->error) ||
        !(PyErr_ExceptionMatches(PyExc_ValueError) || PyErr_ExceptionMatches(PyExc_ArithmeticError))) {
        return;
    }
    PyErr_Fetch(&type, &cause, &traceback);
    PyErr_NormalizeException(&type, &cause, &traceback);
    deserialization_error(r, name, cause);
    Py_XDECREF(type);
    Py_XDECREF(cause);
    Py_XDECREF(traceback);
}

static bool append_row(ob_reader *r, const ob_plan *plan, PyObject *list) {
    Py_ssize_t at;
    const ob_type *row = &plan->row;
    PyObject *dict = plan->blank != NULL ? PyDict_Copy(plan->blank) : PyDict_New();
    bool done = dict != NULL && ob_read_fields(r, row, dict, &at);
    if (dict != NULL && !done && row->count > 0) {
        name_column(r, row->fields[at].name);
    }
    done = done && PyList_Append(list, dict) == 0;
    Py_XDECREF(dict);
    return done;
}

static bool append_rows(ob_reader *r, const ob_plan *plan, PyObject *list) {
    bool more = true;
    if (ob_accept(r, ']')) {
        return true;
    }
    while (more) {
        if (!append_row(r, plan, list) || !ob_next_item(r, ']', &more)) {
            return false;
        }
    }
    return true;
}

/* Reads over "name":value; nothing but the rows is of use here, but all of it has to be well-formed. */
static bool skip_member(ob_reader *r) {
    ob_text text;
    PyObject *name = ob_scan_text(r, &text) ? ob_text_object(r, &text) : NULL;
    bool named = name != NULL && ob_expect(r, ':', "':'");
    PyObject *value = named ? ob_read_json(r, NULL) : NULL;
    Py_XDECREF(name);
    Py_XDECREF(value);
    return value != NULL;
}

static bool read_end(ob_reader *r) {
    while (ob_accept(r, ',')) {
        if (!skip_member(r)) {
            return false;
        }
    }
    return ob_expect(r, '}', "the end of the result") && (r->next == r->end || ob_unexpected(r, "nothing more"));
}

static PyObject *read_rows(ob_reader *r) {
    ob_plan *plan = read_columns(r);
    PyObject *list = plan != NULL ? PyList_New(0) : NULL;
    if (list != NULL && !(append_rows(r, plan, list) && read_end(r))) {
        Py_CLEAR(list);
    }
    ob_plan_release(plan);
    return list;
}

PyObject *ob_decode(ob_decoder *decoder, uint32_t kind, const char *payload, Py_ssize_t length) {
    ob_reader r = {.next = payload, .end = payload + length, .start = payload, .decoder = decoder};
    if (kind == OB_FRAME_ROWS) {
        return read_rows(&r);
    }
    PyObject *value = ob_read_json(&r, NULL);
    if (value != NULL && r.next != r.end) {
        Py_DECREF(value);
        return ob_malformed(&r, "nothing more");
    }
    return value;
}
