/* Frames of the Go library as Python objects. */
#ifndef OUROBOROS_POSTGRES_FRAME_H
#define OUROBOROS_POSTGRES_FRAME_H

#include "cpython.h"

#include "decode.h"
#include "ouroboros_postgres.h"

/* A list of (operation, kind, payload), each payload decoded or the exception that it led to. */
PyObject *ob_frames_list(ob_decoder *decoder, const ob_buf *buffer);

/* (kind, payload), the payload decoded, of a buffer with exactly one frame. */
PyObject *ob_frame_answer(ob_decoder *decoder, const ob_buf *buffer);

#endif
