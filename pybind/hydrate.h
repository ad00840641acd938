/* Rows as instances of models. */
#ifndef OUROBOROS_POSTGRES_HYDRATE_H
#define OUROBOROS_POSTGRES_HYDRATE_H

#include "cpython.h"

/* What the instances of a model are made with; all references are borrowed. */
typedef struct {
    PyObject *model;
    PyObject *data;    /* the descriptor that takes the row */
    PyObject *clean;   /* the descriptor that takes a copy of it */
    PyObject *mutable; /* a tuple of the columns whose values the copy has copies of */
    PyObject *copy;    /* makes those */
} ob_model;

/* A list with one instance per row; no code of the model runs. NULL with an exception. */
PyObject *ob_hydrate(const ob_model *model, PyObject *rows);

#endif
