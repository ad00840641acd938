/* Numbers, exact whatever their length. */
#include "decode_internal.h"

#include <float.h>
#include <math.h>

/* A number as it stands in the payload. */
typedef struct {
    const char *start;
    Py_ssize_t length;
    bool negative, real; /* real: with a fraction or an exponent */
    uint64_t digits;     /* all digits as one integer, if exact */
    bool exact;          /* at most 19 digits, and a short exponent */
    int32_t exponent;    /* of ten */
} number;

static inline bool is_digit(const ob_reader *r) { return r->next < r->end && *r->next >= '0' && *r->next <= '9'; }

/* Moves over digits, at least one, and takes them into n; returns how many, 0 with an exception. */
static Py_ssize_t scan_digits(ob_reader *r, number *n) {
    const char *start = r->next;
    uint64_t digits = n->digits;
    while (is_digit(r)) {
        digits = digits * 10 + (uint64_t)(*r->next++ - '0');
    }
    n->digits = digits;
    if (r->next == start) {
        ob_unexpected(r, "a digit");
    }
    return r->next - start;
}

static bool scan_fraction(ob_reader *r, number *n, Py_ssize_t *count) {
    n->real = true;
    Py_ssize_t decimals = scan_digits(r, n);
    *count += decimals;
    n->exponent = decimals <= 400 ? -(int32_t)decimals : 0; /* more than 19 are not exact anyway */
    return decimals > 0;
}

static bool scan_exponent(ob_reader *r, number *n) {
    number exponent = {0};
    n->real = true;
    bool negative = ob_accept(r, '-');
    if (!negative) {
        ob_accept(r, '+');
    }
    Py_ssize_t count = scan_digits(r, &exponent);
    n->exact &= count <= 4;
    if (n->exact) {
        n->exponent += negative ? -(int32_t)exponent.digits : (int32_t)exponent.digits;
    }
    return count > 0;
}

static bool scan_number(ob_reader *r, number *n) {
    *n = (number){.start = r->next};
    n->negative = ob_accept(r, '-');
    const char *first = r->next;
    Py_ssize_t count = scan_digits(r, n);
    if (count == 0) {
        return false;
    }
    if (count > 1 && *first == '0') {
        return ob_unexpected(r, "a number without leading zeros");
    }
    if (ob_accept(r, '.') && !scan_fraction(r, n, &count)) {
        return false;
    }
    n->exact = count <= 19;
    if ((ob_accept(r, 'e') || ob_accept(r, 'E')) && !scan_exponent(r, n)) {
        return false;
    }
    n->length = r->next - n->start;
    return true;
}

/* PyLong_FromString never refuses this many digits, whatever sys.set_int_max_str_digits says. */
#define SHORT_DIGITS 640

static PyObject *short_integer(const char *digits, Py_ssize_t length) {
    char text[SHORT_DIGITS + 1];
    memcpy(text, digits, (size_t)length);
    text[length] = '\0';
    return PyLong_FromString(text, NULL, 10);
}

static PyObject *power_of_ten(Py_ssize_t exponent) {
    PyObject *ten = PyLong_FromLong(10), *power = PyLong_FromSsize_t(exponent);
    PyObject *result = ten != NULL && power != NULL ? PyNumber_Power(ten, power, Py_None) : NULL;
    Py_XDECREF(ten);
    Py_XDECREF(power);
    return result;
}

/* high * 10**exponent + low; takes NULL with an exception, and gives both up. */
static PyObject *join(PyObject *high, PyObject *low, Py_ssize_t exponent) {
    PyObject *power = high != NULL && low != NULL ? power_of_ten(exponent) : NULL;
    PyObject *shifted = power != NULL ? PyNumber_Multiply(high, power) : NULL;
    PyObject *sum = shifted != NULL ? PyNumber_Add(shifted, low) : NULL;
    Py_XDECREF(high);
    Py_XDECREF(low);
    Py_XDECREF(power);
    Py_XDECREF(shifted);
    return sum;
}

/* Splits in halves: the time grows like that of a multiplication, not with the square. */
static PyObject *long_integer(const char *digits, Py_ssize_t length) {
    if (length <= SHORT_DIGITS) {
        return short_integer(digits, length);
    }
    Py_ssize_t low = length / 2;
    PyObject *high = long_integer(digits, length - low);
    return high != NULL ? join(high, long_integer(digits + (length - low), low), low) : NULL;
}

static PyObject *integer_object(const number *n) {
    Py_ssize_t length = n->length - n->negative;
    if (length <= 18) {
        int64_t value = (int64_t)n->digits;
        return PyLong_FromLongLong(n->negative ? -value : value);
    }
    PyObject *magnitude = long_integer(n->start + n->negative, length);
    if (magnitude == NULL || !n->negative) {
        return magnitude;
    }
    PyObject *negated = PyNumber_Negative(magnitude);
    Py_DECREF(magnitude);
    return negated;
}

static PyObject *parsed_float(const number *n) {
    char few[64];
    size_t length = (size_t)n->length;
    char *text = length < sizeof few ? few : PyMem_Malloc(length + 1);
    if (text == NULL) {
        return PyErr_NoMemory();
    }
    memcpy(text, n->start, length);
    text[length] = '\0';
    double value = PyOS_string_to_double(text, NULL, NULL);
    if (text != few) {
        PyMem_Free(text);
    }
    return value == -1.0 && PyErr_Occurred() ? NULL : PyFloat_FromDouble(value);
}

#if defined(__SIZEOF_INT128__) && FLT_EVAL_METHOD == 0
/* Two to a power from -1022 on. */
static double power_of_two(int exponent) {
    uint64_t bits = (uint64_t)(1023 + exponent) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* Divides exactly: the quotient has 63 bits or more, of which the last also stands for a remainder, so that the
 * conversion to double rounds as if it had seen all of them. */
static bool quick_float(const number *n, double *value) {
    static const uint64_t powers[] = {
        1U,
        10U,
        100U,
        1000U,
        10000U,
        100000U,
        1000000U,
        10000000U,
        100000000U,
        1000000000U,
        10000000000U,
        100000000000U,
        1000000000000U,
        10000000000000U,
        100000000000000U,
        1000000000000000U,
        10000000000000000U,
        100000000000000000U,
        1000000000000000000U,
        10000000000000000000U,
    };
    if (!n->exact || n->exponent > 0 || n->exponent < -19) {
        return false;
    }
    if (n->digits == 0) {
        *value = 0;
        return true;
    }
    uint64_t divisor = powers[-n->exponent];
    int up = __builtin_clzll(n->digits), down = __builtin_clzll(divisor);
    unsigned __int128 dividend = (unsigned __int128)(n->digits << up) << 63;
    divisor <<= down;
    uint64_t quotient = (uint64_t)(dividend / divisor);
    quotient |= dividend % divisor != 0;
    *value = (double)quotient * power_of_two(down - up - 63);
    return true;
}
#else
static bool quick_float(const number *Py_UNUSED(n), double *Py_UNUSED(value)) { return false; }
#endif

static PyObject *float_object(const number *n) {
    double value;
    return quick_float(n, &value) ? PyFloat_FromDouble(n->negative ? -value : value) : parsed_float(n);
}

PyObject *ob_read_number(ob_reader *r) {
    number n;
    if (!scan_number(r, &n)) {
        return NULL;
    }
    return n.real ? float_object(&n) : integer_object(&n);
}

PyObject *ob_read_int(ob_reader *r, const ob_type *Py_UNUSED(type)) {
    number n;
    if (!scan_number(r, &n)) {
        return NULL;
    }
    return n.real ? ob_malformed(r, "an integer before this") : integer_object(&n);
}

static PyObject *special_float(ob_reader *r) {
    if (OB_ACCEPT(r, "\"nan\"")) {
        return PyFloat_FromDouble((double)NAN);
    }
    if (OB_ACCEPT(r, "\"inf\"")) {
        return PyFloat_FromDouble((double)INFINITY);
    }
    return OB_ACCEPT(r, "\"-inf\"") ? PyFloat_FromDouble(-(double)INFINITY) : ob_malformed(r, "a float");
}

PyObject *ob_read_float(ob_reader *r, const ob_type *Py_UNUSED(type)) {
    number n;
    if (ob_at(r, '"')) {
        return special_float(r);
    }
    return scan_number(r, &n) ? float_object(&n) : NULL;
}
