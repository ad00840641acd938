/* Payloads of the Go library (docs/reference/payloads.md) as Python objects, straight from the drained buffer. Nothing
 * about a payload is trusted: whatever the bytes are, the outcome is an object or an exception. */
#ifndef OUROBOROS_POSTGRES_DECODE_H
#define OUROBOROS_POSTGRES_DECODE_H

#include "cpython.h"

#include <stdint.h>

/* What decoding keeps between payloads: the exception, looked-up classes, compiled column lists, keys of JSON. */
typedef struct ob_decoder ob_decoder;

/* A decoder that raises `error` (a subclass of ValueError) for malformed payloads; NULL with an exception. */
ob_decoder *ob_decoder_new(PyObject *error);

int ob_decoder_traverse(const ob_decoder *decoder, visitproc visit, void *arg);

/* Drops the references; the decoder can be used again. */
void ob_decoder_clear(ob_decoder *decoder);

/* Takes NULL. */
void ob_decoder_free(ob_decoder *decoder);

/* The payload of a frame of this kind: for ROWS a list with a dict per row, for the others whatever the JSON says. */
PyObject *ob_decode(ob_decoder *decoder, uint32_t kind, const char *payload, Py_ssize_t length);

#endif
