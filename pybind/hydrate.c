#include "hydrate.h"

#include <stdbool.h>

/* What is looked up once for all rows. */
typedef struct {
    const ob_model *model;
    newfunc create;
    PyObject *nothing; /* the arguments of create */
    descrsetfunc set_data;
    descrsetfunc set_clean;
} hydration;

static bool make_private(const ob_model *model, PyObject *clean, PyObject *name) {
    PyObject *value = PyDict_GetItemWithError(clean, name);
    if (value == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_SetObject(PyExc_KeyError, name);
        }
        return false;
    }
    Py_INCREF(value);
    PyObject *copy = PyObject_CallFunctionObjArgs(model->copy, value, NULL);
    Py_DECREF(value);
    bool done = copy != NULL && PyDict_SetItem(clean, name, copy) == 0;
    Py_XDECREF(copy);
    return done;
}

static PyObject *clean_copy(const ob_model *model, PyObject *row) {
    PyObject *clean = PyDict_Copy(row);
    Py_ssize_t count = PyTuple_Size(model->mutable);
    for (Py_ssize_t i = 0; clean != NULL && i < count; i++) {
        if (!make_private(model, clean, PyTuple_GetItem(model->mutable, i))) {
            Py_CLEAR(clean);
        }
    }
    return clean;
}

/* The first instance is made by object.__new__, which refuses classes that it would be wrong for. */
static PyObject *create_first(const ob_model *model) {
    PyObject *create = PyObject_GetAttrString((PyObject *)&PyBaseObject_Type, "__new__");
    PyObject *instance = create != NULL ? PyObject_CallFunctionObjArgs(create, model->model, NULL) : NULL;
    Py_XDECREF(create);
    return instance;
}

static PyObject *create_next(const hydration *h) { return h->create((PyTypeObject *)h->model->model, h->nothing, NULL); }

static bool fill(const hydration *h, PyObject *instance, PyObject *row) {
    if (h->set_data(h->model->data, instance, row) < 0) {
        return false;
    }
    PyObject *clean = clean_copy(h->model, row);
    bool done = clean != NULL && h->set_clean(h->model->clean, instance, clean) == 0;
    Py_XDECREF(clean);
    return done;
}

static bool append_instance(const hydration *h, PyObject *list, PyObject *row) {
    if (!PyDict_Check(row)) {
        PyErr_SetString(PyExc_TypeError, "a row must be a dict");
        return false;
    }
    PyObject *instance = PyList_Size(list) == 0 ? create_first(h->model) : create_next(h);
    bool done = instance != NULL && fill(h, instance, row) && PyList_Append(list, instance) == 0;
    Py_XDECREF(instance);
    return done;
}

/* Copies may run any code, so the rows are looked at anew each time. */
static bool append_instances(const hydration *h, PyObject *list, PyObject *rows) {
    for (Py_ssize_t i = 0; i < PyList_Size(rows); i++) {
        PyObject *row = Py_NewRef(PyList_GetItem(rows, i));
        bool done = append_instance(h, list, row);
        Py_DECREF(row);
        if (!done) {
            return false;
        }
    }
    return true;
}

static descrsetfunc set_slot(PyObject *descriptor) {
    descrsetfunc set = (descrsetfunc)PyType_GetSlot(Py_TYPE(descriptor), Py_tp_descr_set);
    if (set == NULL) {
        PyErr_SetString(PyExc_TypeError, "a slot must be a descriptor that can be set");
    }
    return set;
}

/* Nothing becomes garbage here, so that the collector would go over new instances in vain, once for each few hundred. Not
   where copies are made: that may run any code, which may need the collector, or turn it off itself. */
static bool pause_collector(const ob_model *model) { return PyTuple_Size(model->mutable) == 0 && PyGC_Disable(); }

PyObject *ob_hydrate(const ob_model *model, PyObject *rows) {
    hydration h = {.model = model, .set_data = set_slot(model->data)};
    h.set_clean = h.set_data != NULL ? set_slot(model->clean) : NULL;
    if (h.set_clean == NULL) {
        return NULL;
    }
    h.create = (newfunc)PyType_GetSlot(&PyBaseObject_Type, Py_tp_new);
    h.nothing = PyTuple_New(0);
    PyObject *list = h.nothing != NULL ? PyList_New(0) : NULL;
    bool paused = pause_collector(model);
    bool done = list != NULL && append_instances(&h, list, rows);
    if (paused) {
        PyGC_Enable();
    }
    if (!done) {
        Py_CLEAR(list);
    }
    Py_XDECREF(h.nothing);
    return list;
}
