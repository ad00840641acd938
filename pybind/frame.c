#include "frame.h"

#include <stdbool.h>
#include <string.h>

typedef struct {
    ob_frame header;
    const char *payload;
} frame;

static uint64_t little_endian(const uint8_t *bytes, unsigned count) {
    uint64_t value = 0;
    while (count-- > 0) {
        value = value << 8 | bytes[count];
    }
    return value;
}

/* Reads the frame at *offset and moves on. */
static bool next_frame(const ob_buf *buffer, uint64_t *offset, frame *out) {
    if (buffer->len - *offset < OB_FRAME_HEADER) {
        return false;
    }
    const uint8_t *bytes = buffer->data + *offset;
    out->header.operation = little_endian(bytes, 8);
    out->header.kind = (uint32_t)little_endian(bytes + 8, 4);
    out->header.length = little_endian(bytes + 16, 8);
    out->payload = (const char *)bytes + OB_FRAME_HEADER;
    *offset += OB_FRAME_HEADER;
    if (out->header.length > buffer->len - *offset || out->header.length > PY_SSIZE_T_MAX) {
        return false;
    }
    *offset += out->header.length;
    return true;
}

static PyObject *broken_buffer(void) {
    PyErr_SetString(PyExc_RuntimeError, "the engine sent a frame that cannot be read");
    return NULL;
}

static PyObject *payload_object(ob_decoder *decoder, const frame *f) {
    return ob_decode(decoder, f->header.kind, f->payload, (Py_ssize_t)f->header.length);
}

/* The exception that is set, as an object; no longer set then. */
static PyObject *caught(void) {
    PyObject *type, *error, *traceback;
    PyErr_Fetch(&type, &error, &traceback);
    PyErr_NormalizeException(&type, &error, &traceback);
    if (traceback != NULL) {
        PyException_SetTraceback(error, traceback);
    }
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return error;
}

/* Appends (operation, kind, payload); -1 with an exception on failure. */
static int append_frame(ob_decoder *decoder, PyObject *list, const frame *f) {
    PyObject *payload = payload_object(decoder, f);
    if (payload == NULL) {
        payload = caught(); /* one bad frame must not take the others along */
    }
    PyObject *item = Py_BuildValue("KIN", (unsigned long long)f->header.operation, (unsigned int)f->header.kind, payload);
    if (item == NULL) {
        return -1;
    }
    int status = PyList_Append(list, item);
    Py_DECREF(item);
    return status;
}

PyObject *ob_frames_list(ob_decoder *decoder, const ob_buf *buffer) {
    PyObject *list = PyList_New(0);
    uint64_t offset = 0;
    frame f;
    while (list != NULL && offset < buffer->len) {
        if (!next_frame(buffer, &offset, &f)) {
            Py_DECREF(list);
            return broken_buffer();
        }
        if (append_frame(decoder, list, &f) < 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}

PyObject *ob_frame_answer(ob_decoder *decoder, const ob_buf *buffer) {
    uint64_t offset = 0;
    frame f;
    if (!next_frame(buffer, &offset, &f) || offset != buffer->len) {
        return broken_buffer();
    }
    PyObject *payload = payload_object(decoder, &f);
    if (payload == NULL) {
        return NULL;
    }
    return Py_BuildValue("IN", (unsigned int)f.header.kind, payload);
}
