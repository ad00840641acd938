/* Python's headers with the settings that every file must share. */
#ifndef OUROBOROS_POSTGRES_CPYTHON_H
#define OUROBOROS_POSTGRES_CPYTHON_H

#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#endif
