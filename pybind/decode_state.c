/* What the decoder keeps between payloads. */
#include "decode_internal.h"

ob_decoder *ob_decoder_new(PyObject *error) {
    ob_decoder *decoder = PyMem_Calloc(1, sizeof *decoder);
    if (decoder == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    decoder->error = Py_NewRef(error);
    decoder->int_name = PyUnicode_InternFromString("int");
    decoder->is_safe_name = PyUnicode_InternFromString("is_safe");
    if (decoder->int_name == NULL || decoder->is_safe_name == NULL) {
        ob_decoder_free(decoder);
        return NULL;
    }
    return decoder;
}

int ob_decoder_traverse(const ob_decoder *decoder, visitproc visit, void *arg) {
    Py_VISIT(decoder->error);
    for (int i = 0; i < OB_OBJECT_COUNT; i++) {
        Py_VISIT(decoder->objects[i]);
    }
    return 0;
}

void ob_decoder_clear(ob_decoder *decoder) {
    for (int i = 0; i < OB_OBJECT_COUNT; i++) {
        Py_CLEAR(decoder->objects[i]);
    }
    for (int i = 0; i < OB_PLAN_SLOTS; i++) {
        ob_plan *plan = decoder->plans[i];
        decoder->plans[i] = NULL;
        ob_plan_release(plan);
    }
    for (int i = 0; i < OB_KEY_SLOTS; i++) {
        Py_CLEAR(decoder->keys[i].object);
    }
}

void ob_decoder_free(ob_decoder *decoder) {
    if (decoder == NULL) {
        return;
    }
    ob_decoder_clear(decoder);
    Py_CLEAR(decoder->error);
    Py_CLEAR(decoder->int_name);
    Py_CLEAR(decoder->is_safe_name);
    PyMem_Free(decoder);
}

static const struct {
    const char *module, *attribute;
} sources[] = {
#define X(name, module, attribute) {module, attribute},
    OB_OBJECTS(X)
#undef X
};

/* Follows a path of attributes with dots between; gives object up. */
static PyObject *follow(PyObject *object, const char *path) {
    while (object != NULL && path != NULL) {
        const char *dot = strchr(path, '.');
        PyObject *name = PyUnicode_FromStringAndSize(path, dot != NULL ? dot - path : (Py_ssize_t)strlen(path));
        PyObject *attribute = name != NULL ? PyObject_GetAttr(object, name) : NULL;
        Py_XDECREF(name);
        Py_DECREF(object);
        object = attribute;
        path = dot != NULL ? dot + 1 : NULL;
    }
    return object;
}

PyObject *ob_lookup(ob_decoder *decoder, ob_object which) {
    PyObject *known = decoder->objects[which];
    if (known != NULL) {
        return known;
    }
    PyObject *found = follow(PyImport_ImportModule(sources[which].module), sources[which].attribute);
    PyObject *old = decoder->objects[which]; /* an import lets other threads run */
    decoder->objects[which] = found;
    Py_XDECREF(old);
    return found;
}
