/* Dates, times and intervals. The forms that the engine writes are read here; all others are left to Python. */
#include "decode_internal.h"

/* What the classes keep: year (two bytes), month, day, hour, minute, second, microsecond (three bytes). */
#define DATE_BYTES 4
#define TIME_BYTES 6

/* Two digits; 255 when they are none. */
static inline uint8_t two_digits(const char *text) {
    unsigned tens = (unsigned char)text[0] - (unsigned)'0', ones = (unsigned char)text[1] - (unsigned)'0';
    return tens > 9 || ones > 9 ? 255 : (uint8_t)(tens * 10 + ones);
}

static unsigned days_in_month(unsigned year, unsigned month) {
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Reads YYYY-MM-DD; false when it is no date. */
static bool read_day(const char *text, char state[DATE_BYTES]) {
    unsigned century = two_digits(text), rest = two_digits(text + 2), month = two_digits(text + 5);
    unsigned day = two_digits(text + 8), year = century * 100 + rest;
    if (century == 255 || rest == 255 || text[4] != '-' || text[7] != '-' || year < 1 || month < 1 || month > 12 ||
        day < 1 || day > days_in_month(year, month)) {
        return false;
    }
    state[0] = (char)(year >> 8);
    state[1] = (char)year;
    state[2] = (char)month;
    state[3] = (char)day;
    return true;
}

static bool read_fraction(const char *text, unsigned *micros) {
    unsigned a = two_digits(text), b = two_digits(text + 2), c = two_digits(text + 4);
    *micros = a * 10000 + b * 100 + c;
    return a != 255 && b != 255 && c != 255;
}

/* Reads HH:MM:SS or HH:MM:SS.ffffff; false when it is no time of day. */
static bool read_clock(const char *text, Py_ssize_t length, char state[TIME_BYTES]) {
    unsigned micros = 0;
    if (length != 8 && (length != 15 || text[8] != '.' || !read_fraction(text + 9, &micros))) {
        return false;
    }
    unsigned hour = two_digits(text), minute = two_digits(text + 3), second = two_digits(text + 6);
    if (text[2] != ':' || text[5] != ':' || hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    state[0] = (char)hour;
    state[1] = (char)minute;
    state[2] = (char)second;
    state[3] = (char)(micros >> 16);
    state[4] = (char)(micros >> 8);
    state[5] = (char)micros;
    return true;
}

/* An object from the bytes that it pickles to: the fewest steps that lead to one. zone is borrowed, or NULL. */
static PyObject *from_state(ob_reader *r, ob_object which, const char *state, Py_ssize_t length, PyObject *zone) {
    PyObject *class = ob_lookup(r->decoder, which);
    PyObject *bytes = class != NULL ? PyBytes_FromStringAndSize(state, length) : NULL;
    if (bytes == NULL) {
        return NULL;
    }
    PyObject *object = PyObject_CallFunctionObjArgs(class, bytes, zone, NULL);
    Py_DECREF(bytes);
    return object;
}

PyObject *ob_read_date(ob_reader *r, const ob_type *Py_UNUSED(type)) {
    ob_text text;
    char state[DATE_BYTES];
    if (!ob_scan_plain_text(r, &text)) {
        return NULL;
    }
    if (text.length == 10 && read_day(text.start, state)) {
        return from_state(r, OB_DATE, state, sizeof state, NULL);
    }
    return ob_from_text(r, OB_DATE_PARSE, &text);
}

PyObject *ob_read_time(ob_reader *r, const ob_type *Py_UNUSED(type)) {
    ob_text text;
    char state[TIME_BYTES];
    if (!ob_scan_plain_text(r, &text)) {
        return NULL;
    }
    if (read_clock(text.start, text.length, state)) {
        return from_state(r, OB_TIME, state, sizeof state, NULL);
    }
    return ob_from_text(r, OB_TIME_PARSE, &text);
}

PyObject *ob_read_datetime(ob_reader *r, const ob_type *Py_UNUSED(type)) {
    static const char utc[] = "+00:00";
    const Py_ssize_t suffix = sizeof utc - 1;
    ob_text text;
    char state[DATE_BYTES + TIME_BYTES];
    PyObject *zone = NULL;
    if (!ob_scan_plain_text(r, &text)) {
        return NULL;
    }
    Py_ssize_t length = text.length;
    if (length > suffix && memcmp(text.start + length - suffix, utc, (size_t)suffix) == 0) {
        length -= suffix;
        zone = ob_lookup(r->decoder, OB_UTC);
        if (zone == NULL) {
            return NULL;
        }
    }
    if (length > 11 && text.start[10] == 'T' && read_day(text.start, state) &&
        read_clock(text.start + 11, length - 11, state + DATE_BYTES)) {
        return from_state(r, OB_DATETIME, state, sizeof state, zone);
    }
    return ob_from_text(r, OB_DATETIME_PARSE, &text);
}

static PyObject *timedelta(ob_reader *r, PyObject *days, PyObject *micros) {
    PyObject *class = ob_lookup(r->decoder, OB_TIMEDELTA);
    PyObject *zero = class != NULL ? PyLong_FromLong(0) : NULL;
    PyObject *result = zero != NULL ? PyObject_CallFunctionObjArgs(class, days, zero, micros, NULL) : NULL;
    Py_XDECREF(zero);
    return result;
}

PyObject *ob_read_interval(ob_reader *r, const ob_type *type) {
    PyObject *result = NULL, *micros = NULL;
    PyObject *days = ob_expect(r, '[', "an interval") ? ob_read_int(r, type) : NULL;
    if (days != NULL && ob_expect(r, ',', "','")) {
        micros = ob_read_int(r, type);
    }
    if (micros != NULL && ob_expect(r, ']', "']'")) {
        result = timedelta(r, days, micros);
    }
    Py_XDECREF(days);
    Py_XDECREF(micros);
    return result;
}
