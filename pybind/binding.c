/* The extension module ouroboros_postgres._binding: the functions of the C ABI for Python. It does not load the Go
 * library until load() is called. Without a slot to say otherwise, CPython refuses the module in sub-interpreters with
 * a GIL of their own, as it must: the library is shared by the whole process and the one GIL guards its state here. */
#include "cpython.h"

#include <stdbool.h>

#include "decode.h"
#include "frame.h"
#include "hydrate.h"
#include "library.h"

typedef struct {
    PyObject *fork_error;
    PyObject *status_error;
    ob_decoder *decoder;
} module_state;

static module_state *state_of(PyObject *module) { return PyModule_GetState(module); }

/* The longest time, in ms, without a look at pending signals. */
#define WAIT_SLICE 100

/* From this request length on, the work of a submit is worth giving up the GIL for. */
#define LONG_REQUEST (64 * 1024)

static const char *const status_names[] = {
    "OB_OK",      "OB_BAD_HANDLE", "OB_WRONG_KIND", "OB_BAD_REQUEST", "OB_CLOSED",
    "OB_TIMEOUT", "OB_NO_MEMORY",  "OB_PANIC",      "OB_DUPLICATE",   "OB_TOO_LARGE",
};

/* Raises StatusError with the attribute status; returns NULL. */
static PyObject *status_error(PyObject *module, const char *function, int32_t status) {
    size_t known = sizeof status_names / sizeof *status_names;
    const char *name = status >= 0 && (size_t)status < known ? status_names[status] : "unknown status";
    PyObject *type = state_of(module)->status_error;
    PyObject *message = PyUnicode_FromFormat("%s returned %s (%d)", function, name, (int)status);
    PyObject *error = message != NULL ? PyObject_CallFunctionObjArgs(type, message, NULL) : NULL;
    PyObject *number = PyLong_FromLong(status);
    if (error != NULL && number != NULL && PyObject_SetAttrString(error, "status", number) == 0) {
        PyErr_SetObject(type, error);
    }
    Py_XDECREF(number);
    Py_XDECREF(error);
    Py_XDECREF(message);
    return NULL;
}

static PyObject *none_or_status(PyObject *module, const char *function, int32_t status) {
    if (status != OB_OK) {
        return status_error(module, function, status);
    }
    Py_RETURN_NONE;
}

/* The exception of a forked child; returns NULL. */
static const ob_library *fork_error(PyObject *module) {
    PyErr_SetString(state_of(module)->fork_error,
                    "this process was forked after its parent had connected, and the engine does not survive a fork: "
                    "call init() in the child only, or start children with the \"spawn\" method");
    return NULL;
}

/* The library, or NULL with an exception. */
static const ob_library *library(PyObject *module) {
    if (ob_library_forked()) {
        return fork_error(module);
    }
    const ob_library *functions = ob_library_get();
    if (functions == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the engine library is not loaded");
    }
    return functions;
}

PyDoc_STRVAR(load_doc, "load(path, /)\n--\n\nLoads the Go library. Loading the same file again does nothing.");

static PyObject *binding_load(PyObject *module, PyObject *path) {
    PyObject *encoded;
    char reason[512];
    if (ob_library_forked()) {
        fork_error(module);
        return NULL;
    }
    if (!PyUnicode_FSConverter(path, &encoded)) {
        return NULL;
    }
    ob_load_result result = ob_library_load(PyBytes_AsString(encoded), reason, sizeof reason);
    Py_DECREF(encoded);
    switch (result) {
        case OB_LOAD_DONE:
            Py_RETURN_NONE;
        case OB_LOAD_OTHER:
            return PyErr_Format(PyExc_ImportError, "cannot load %R: the engine is already loaded from %s", path, reason);
        case OB_LOAD_ABI:
            return PyErr_Format(PyExc_ImportError, "cannot load %R: its ABI is %s, this binding needs %d.x; reinstall "
                                "ouroboros-postgres", path, reason, OB_ABI_MAJOR);
        case OB_LOAD_FAILED:
            break;
    }
    return PyErr_Format(PyExc_ImportError, "cannot load %R: %s", path, reason);
}

PyDoc_STRVAR(loaded_doc, "loaded()\n--\n\nTells whether the Go library has been loaded, by this process or before a fork.");

static PyObject *binding_loaded(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none)) {
    return PyBool_FromLong(ob_library_loaded());
}

PyDoc_STRVAR(build_info_doc, "build_info()\n--\n\nVersion, Go version and revision of the library.");

static PyObject *binding_build_info(PyObject *module, PyObject *Py_UNUSED(none)) {
    const ob_library *ob = library(module);
    return ob == NULL ? NULL : PyUnicode_FromString(ob->build_info());
}

PyDoc_STRVAR(queue_open_doc,
             "queue_open(wake_fd, flags=0, /)\n--\n\nOpens a completion queue; wake_fd is duplicated, -1 for none.");

static PyObject *binding_queue_open(PyObject *module, PyObject *args) {
    const ob_library *ob = library(module);
    long long wake_fd;
    unsigned int flags = 0;
    uint64_t queue = 0;
    if (ob == NULL || !PyArg_ParseTuple(args, "L|I:queue_open", &wake_fd, &flags)) {
        return NULL;
    }
    int32_t status = ob->queue_open(wake_fd, flags, &queue);
    return status == OB_OK ? PyLong_FromUnsignedLongLong(queue) : status_error(module, "ob_queue_open", status);
}

/* Reads an unsigned 64-bit number; false with an exception on failure. */
static bool number(PyObject *argument, uint64_t *out) {
    unsigned long long value = PyLong_AsUnsignedLongLong(argument);
    *out = value;
    return value != (unsigned long long)-1 || !PyErr_Occurred();
}

PyDoc_STRVAR(queue_close_doc, "queue_close(queue, /)\n--\n\nCancels the queue's operations and drops its frames.");

static PyObject *binding_queue_close(PyObject *module, PyObject *argument) {
    const ob_library *ob = library(module);
    uint64_t queue;
    if (ob == NULL || !number(argument, &queue)) {
        return NULL;
    }
    return none_or_status(module, "ob_queue_close", ob->queue_close(queue));
}

PyDoc_STRVAR(queue_wait_doc,
             "queue_wait(queue, timeout_ms, /)\n--\n\n"
             "Blocks, with the GIL released, until a frame is there (True) or the time is over (False).\n"
             "A negative timeout never ends. Signal handlers run in between.");

static PyObject *binding_queue_wait(PyObject *module, PyObject *args) {
    const ob_library *ob = library(module);
    unsigned long long queue;
    long long left;
    if (ob == NULL || !PyArg_ParseTuple(args, "KL:queue_wait", &queue, &left)) {
        return NULL;
    }
    for (;;) {
        long long slice = left < 0 || left > WAIT_SLICE ? WAIT_SLICE : left;
        int32_t status;
        Py_BEGIN_ALLOW_THREADS
        status = ob->queue_wait(queue, slice);
        Py_END_ALLOW_THREADS
        if (PyErr_CheckSignals() < 0) {
            return NULL;
        }
        if (status != OB_TIMEOUT) {
            return status == OB_OK ? PyBool_FromLong(1) : status_error(module, "ob_queue_wait", status);
        }
        if (left >= 0 && (left -= slice) == 0) {
            Py_RETURN_FALSE;
        }
    }
}

/* Reads (queue, operation, target, request) of a submit. */
static bool submit_arguments(PyObject *const *args, Py_ssize_t count, uint64_t numbers[3], char **data, Py_ssize_t *length) {
    if (count != 4) {
        PyErr_Format(PyExc_TypeError, "submit() takes 4 arguments (%zd given)", count);
        return false;
    }
    return number(args[0], &numbers[0]) && number(args[1], &numbers[1]) && number(args[2], &numbers[2]) &&
           PyBytes_AsStringAndSize(args[3], data, length) == 0;
}

PyDoc_STRVAR(submit_doc,
             "submit(queue, operation, target, request, /)\n--\n\nStarts an operation; one frame with its id follows.");

static PyObject *binding_submit(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    const ob_library *ob = library(module);
    uint64_t numbers[3];
    char *data;
    Py_ssize_t length;
    int32_t status;
    if (ob == NULL || !submit_arguments(args, count, numbers, &data, &length)) {
        return NULL;
    }
    const uint8_t *request = (const uint8_t *)data;
    if (length < LONG_REQUEST) {
        status = ob->submit(numbers[0], numbers[1], numbers[2], request, (uint64_t)length);
    } else {
        Py_BEGIN_ALLOW_THREADS
        status = ob->submit(numbers[0], numbers[1], numbers[2], request, (uint64_t)length);
        Py_END_ALLOW_THREADS
    }
    return none_or_status(module, "ob_submit", status);
}

/* The outcome of a call that may come too late: True when it had an effect. */
static PyObject *effect(PyObject *module, const char *function, int32_t status) {
    if (status == OB_BAD_HANDLE || status == OB_CLOSED) {
        Py_RETURN_FALSE;
    }
    if (status != OB_OK) {
        return status_error(module, function, status);
    }
    Py_RETURN_TRUE;
}

PyDoc_STRVAR(cancel_doc, "cancel(queue, operation, /)\n--\n\nCancels an operation; False when it was not in flight.");

static PyObject *binding_cancel(PyObject *module, PyObject *args) {
    const ob_library *ob = library(module);
    unsigned long long queue, operation;
    if (ob == NULL || !PyArg_ParseTuple(args, "KK:cancel", &queue, &operation)) {
        return NULL;
    }
    return effect(module, "ob_cancel", ob->cancel(queue, operation));
}

PyDoc_STRVAR(release_doc, "release(handle, /)\n--\n\nGives a handle back; False when it was released before.");

static PyObject *binding_release(PyObject *module, PyObject *argument) {
    const ob_library *ob = library(module);
    uint64_t handle;
    if (ob == NULL || !number(argument, &handle)) {
        return NULL;
    }
    return effect(module, "ob_release", ob->release(handle));
}

PyDoc_STRVAR(drain_doc, "drain(queue, /)\n--\n\nTakes finished frames: a list of (operation, kind, decoded payload). Never blocks.");

static PyObject *binding_drain(PyObject *module, PyObject *argument) {
    const ob_library *ob = library(module);
    uint64_t queue;
    ob_buf buffer = {NULL, 0};
    if (ob == NULL || !number(argument, &queue)) {
        return NULL;
    }
    int32_t status = ob->queue_drain(queue, 0, &buffer);
    if (status != OB_OK) {
        return status_error(module, "ob_queue_drain", status);
    }
    PyObject *list = ob_frames_list(state_of(module)->decoder, &buffer);
    ob->buf_free(&buffer);
    return list;
}

PyDoc_STRVAR(call_doc, "call(target, request, /)\n--\n\nAnswers a pure request at once: (kind, payload).");

static PyObject *binding_call(PyObject *module, PyObject *args) {
    const ob_library *ob = library(module);
    unsigned long long target;
    PyObject *bytes;
    char *data;
    Py_ssize_t length;
    ob_buf buffer = {NULL, 0};
    if (ob == NULL || !PyArg_ParseTuple(args, "KO:call", &target, &bytes) ||
        PyBytes_AsStringAndSize(bytes, &data, &length) < 0) {
        return NULL;
    }
    int32_t status = ob->call(target, (const uint8_t *)data, (uint64_t)length, &buffer);
    if (status != OB_OK) {
        return status_error(module, "ob_call", status);
    }
    PyObject *answer = ob_frame_answer(state_of(module)->decoder, &buffer);
    ob->buf_free(&buffer);
    return answer;
}

PyDoc_STRVAR(log_subscribe_doc, "log_subscribe(queue, level, /)\n--\n\nSends log records from this level on to the queue, 0 for none.");

static PyObject *binding_log_subscribe(PyObject *module, PyObject *args) {
    const ob_library *ob = library(module);
    unsigned long long queue;
    int level;
    if (ob == NULL || !PyArg_ParseTuple(args, "Ki:log_subscribe", &queue, &level)) {
        return NULL;
    }
    return none_or_status(module, "ob_log_subscribe", ob->log_subscribe(queue, level));
}

PyDoc_STRVAR(shutdown_doc,
             "shutdown(grace_ms, /)\n--\n\n"
             "Ends everything, for good; False when something was still busy after grace_ms.");

static PyObject *binding_shutdown(PyObject *module, PyObject *argument) {
    const ob_library *ob = library(module);
    uint64_t grace;
    int32_t status;
    if (ob == NULL || !number(argument, &grace)) {
        return NULL;
    }
    uint32_t bounded = grace > UINT32_MAX ? UINT32_MAX : (uint32_t)grace;
    Py_BEGIN_ALLOW_THREADS
    status = ob->shutdown(bounded);
    Py_END_ALLOW_THREADS
    if (status == OB_TIMEOUT) {
        Py_RETURN_FALSE;
    }
    return status == OB_OK ? PyBool_FromLong(1) : status_error(module, "ob_shutdown", status);
}

PyDoc_STRVAR(counters_doc, "counters()\n--\n\nWhat is open or running, as JSON.");

static PyObject *binding_counters(PyObject *module, PyObject *Py_UNUSED(none)) {
    const ob_library *ob = library(module);
    ob_buf buffer = {NULL, 0};
    if (ob == NULL) {
        return NULL;
    }
    int32_t status = ob->counters(&buffer);
    if (status != OB_OK) {
        return status_error(module, "ob_counters", status);
    }
    PyObject *json = PyBytes_FromStringAndSize((const char *)buffer.data, (Py_ssize_t)buffer.len);
    ob->buf_free(&buffer);
    return json;
}

PyDoc_STRVAR(decode_doc, "decode(kind, payload, /)\n--\n\nReads the payload of a frame of this kind, as drain does.");

static PyObject *binding_decode(PyObject *module, PyObject *args) {
    unsigned int kind;
    const char *payload;
    Py_ssize_t length;
    if (!PyArg_ParseTuple(args, "Iy#:decode", &kind, &payload, &length)) {
        return NULL;
    }
    return ob_decode(state_of(module)->decoder, kind, payload, length);
}

PyDoc_STRVAR(hydrate_doc,
             "hydrate(model, rows, data, clean, mutable, copy, /)\n--\n\n"
             "Makes an instance of each row, without running code of the model.");

static PyObject *binding_hydrate(PyObject *Py_UNUSED(module), PyObject *args) {
    ob_model model;
    PyObject *rows;
    if (!PyArg_ParseTuple(args, "O!O!OOO!O:hydrate", &PyType_Type, &model.model, &PyList_Type, &rows, &model.data,
                          &model.clean, &PyTuple_Type, &model.mutable, &model.copy)) {
        return NULL;
    }
    return ob_hydrate(&model, rows);
}

static PyMethodDef methods[] = {
    {"load", binding_load, METH_O, load_doc},
    {"loaded", binding_loaded, METH_NOARGS, loaded_doc},
    {"build_info", binding_build_info, METH_NOARGS, build_info_doc},
    {"queue_open", binding_queue_open, METH_VARARGS, queue_open_doc},
    {"queue_close", binding_queue_close, METH_O, queue_close_doc},
    {"queue_wait", binding_queue_wait, METH_VARARGS, queue_wait_doc},
    {"submit", (PyCFunction)(void (*)(void))binding_submit, METH_FASTCALL, submit_doc},
    {"cancel", binding_cancel, METH_VARARGS, cancel_doc},
    {"drain", binding_drain, METH_O, drain_doc},
    {"call", binding_call, METH_VARARGS, call_doc},
    {"release", binding_release, METH_O, release_doc},
    {"log_subscribe", binding_log_subscribe, METH_VARARGS, log_subscribe_doc},
    {"shutdown", binding_shutdown, METH_O, shutdown_doc},
    {"counters", binding_counters, METH_NOARGS, counters_doc},
    {"decode", binding_decode, METH_VARARGS, decode_doc},
    {"hydrate", binding_hydrate, METH_VARARGS, hydrate_doc},
    {NULL, NULL, 0, NULL},
};

static PyObject *new_error(const char *name, const char *doc) {
    return PyErr_NewExceptionWithDoc(name, doc, PyExc_RuntimeError, NULL);
}

/* Makes the decoder and its exception, which the module and the decoder then own. */
static int add_decoder(PyObject *module) {
    PyObject *error = PyErr_NewExceptionWithDoc("ouroboros_postgres._binding.DecodeError",
                                                "A payload of the engine is malformed.", PyExc_ValueError, NULL);
    if (error == NULL) {
        return -1;
    }
    ob_decoder *decoder = ob_decoder_new(error);
    state_of(module)->decoder = decoder;
    int status = decoder != NULL ? PyModule_AddObjectRef(module, "DecodeError", error) : -1;
    Py_DECREF(error);
    return status;
}

static int module_exec(PyObject *module) {
    module_state *state = state_of(module);
    state->fork_error = new_error("ouroboros_postgres._binding.ForkError",
                                  "The engine was used in a child of the process that had loaded it.");
    state->status_error = new_error("ouroboros_postgres._binding.StatusError",
                                    "A call was refused; the attribute status tells why.");
    if (state->fork_error == NULL || state->status_error == NULL ||
        PyModule_AddObjectRef(module, "ForkError", state->fork_error) < 0 ||
        PyModule_AddObjectRef(module, "StatusError", state->status_error) < 0) {
        return -1;
    }
    return add_decoder(module);
}

static int module_traverse(PyObject *module, visitproc visit, void *arg) {
    module_state *state = state_of(module);
    Py_VISIT(state->fork_error);
    Py_VISIT(state->status_error);
    return state->decoder != NULL ? ob_decoder_traverse(state->decoder, visit, arg) : 0;
}

static int module_clear(PyObject *module) {
    module_state *state = state_of(module);
    Py_CLEAR(state->fork_error);
    Py_CLEAR(state->status_error);
    if (state->decoder != NULL) {
        ob_decoder_clear(state->decoder);
    }
    return 0;
}

static void module_free(void *module) {
    module_clear(module);
    ob_decoder_free(state_of(module)->decoder);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)module_exec},
    {0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "ouroboros_postgres._binding",
    .m_doc = "The C ABI of the engine.",
    .m_size = sizeof(module_state),
    .m_methods = methods,
    .m_slots = slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit__binding(void) { return PyModuleDef_Init(&definition); }
