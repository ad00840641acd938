/* Frames of the Go library as Python objects. */
#ifndef OUROBOROS_POSTGRES_FRAME_H
#define OUROBOROS_POSTGRES_FRAME_H

#include "cpython.h"

#include "ouroboros_postgres.h"

/* A list of (operation, kind, payload). */
PyObject *ob_frames_list(PyObject *module, const ob_buf *buffer);

/* (kind, payload) of a buffer with exactly one frame. */
PyObject *ob_frame_answer(PyObject *module, const ob_buf *buffer);

#endif
