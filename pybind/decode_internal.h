/* What the files of the decoder share. */
#ifndef OUROBOROS_POSTGRES_DECODE_INTERNAL_H
#define OUROBOROS_POSTGRES_DECODE_INTERNAL_H

#include "decode.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* How deep containers may nest, all kinds together; Python's own JSON reader ends at about as many. */
#define OB_MAX_DEPTH 1000

/* Python objects that are looked up when they are first needed: X(name, module, attribute). */
#define OB_OBJECTS(X)                                                            \
    X(DECIMAL, "decimal", "Decimal")                                             \
    X(DATE, "datetime", "date")                                                  \
    X(DATE_PARSE, "datetime", "date.fromisoformat")                              \
    X(TIME, "datetime", "time")                                                  \
    X(TIME_PARSE, "datetime", "time.fromisoformat")                              \
    X(DATETIME, "datetime", "datetime")                                          \
    X(DATETIME_PARSE, "datetime", "datetime.fromisoformat")                      \
    X(UTC, "datetime", "timezone.utc")                                           \
    X(TIMEDELTA, "datetime", "timedelta")                                        \
    X(UUID, "uuid", "UUID")                                                      \
    X(UUID_SLOTS, "uuid", "UUID.__slots__")                                      \
    X(UUID_SAFETY, "uuid", "SafeUUID.unknown")                                   \
    X(IP_ADDRESS, "ipaddress", "ip_address")                                     \
    X(IP_INTERFACE, "ipaddress", "ip_interface")                                 \
    X(IP_NETWORK, "ipaddress", "ip_network")                                     \
    X(RANGE, "ouroboros_postgres.types", "Range")                                \
    X(DESERIALIZATION_ERROR, "ouroboros_postgres.errors", "DeserializationError")

typedef enum {
#define X(name, module, attribute) OB_##name,
    OB_OBJECTS(X)
#undef X
    OB_OBJECT_COUNT,
} ob_object;

/* How the values of a column, element or field are read. */
typedef struct ob_type ob_type;
typedef struct ob_field ob_field;
typedef struct ob_reader ob_reader;
typedef PyObject *(*ob_read)(ob_reader *reader, const ob_type *type);

struct ob_type {
    ob_read read;
    ob_field *fields; /* of a composite; the one of an array or range holds the element type and has no name */
    Py_ssize_t count;
};

struct ob_field {
    PyObject *name;
    ob_type type;
};

/* A compiled column list. A row is read like a composite. */
typedef struct {
    Py_ssize_t references; /* Python code that runs while a plan is in use may throw it out of the cache */
    ob_type row;
    PyObject *blank; /* a row of None, which is copied; NULL for few columns */
    size_t length;
    char columns[];
} ob_plan;

#define OB_PLAN_SLOTS 256
#define OB_KEY_SLOTS 256
#define OB_KEY_LENGTH 31

/* A key of JSON objects, which repeats from row to row. */
typedef struct {
    PyObject *object;
    uint8_t length;
    char text[OB_KEY_LENGTH];
} ob_key;

typedef enum { OB_UNKNOWN, OB_YES, OB_NO } ob_answer;

struct ob_decoder {
    PyObject *error;
    PyObject *objects[OB_OBJECT_COUNT];
    PyObject *int_name, *is_safe_name;
    ob_answer uuid_is_plain; /* UUID has the attributes that ob_read_uuid sets, and no others */
    ob_plan *plans[OB_PLAN_SLOTS];
    ob_key keys[OB_KEY_SLOTS];
};

/* A position in a payload. */
struct ob_reader {
    const char *next, *end, *start;
    ob_decoder *decoder;
    int depth;
};

/* A JSON string between its quotes. */
typedef struct {
    const char *start;
    Py_ssize_t length;
    bool escaped;
} ob_text;

/* Raise DecodeError with the position; NULL and false for the caller to return. */
PyObject *ob_malformed(const ob_reader *reader, const char *expected);
bool ob_unexpected(const ob_reader *reader, const char *expected);

/* One of OB_OBJECTS, borrowed; NULL with an exception. */
PyObject *ob_lookup(ob_decoder *decoder, ob_object which);

/* The plan for a column list, to be given back; NULL with an exception. */
ob_plan *ob_plan_get(ob_decoder *decoder, const char *columns, size_t length);
void ob_plan_release(ob_plan *plan);

/* Reads a kind into type; false with an exception, and type then holds nothing. */
bool ob_type_compile(ob_reader *reader, ob_type *type);
void ob_type_clear(ob_type *type);

/* Reads the values of a row or composite into dict; on failure, *at is the index of the field. */
bool ob_read_fields(ob_reader *reader, const ob_type *type, PyObject *dict, Py_ssize_t *at);

/* Reads up to the closing quote. */
bool ob_scan_text(ob_reader *reader, ob_text *text);

/* As ob_scan_text, and refuses escapes. */
bool ob_scan_plain_text(ob_reader *reader, ob_text *text);

/* The str of a text; NULL with an exception. */
PyObject *ob_text_object(const ob_reader *reader, const ob_text *text);

/* What one of OB_OBJECTS, a class or function, makes of a text. */
PyObject *ob_from_text(ob_reader *reader, ob_object which, const ob_text *text);

/* A JSON number: int or float. */
PyObject *ob_read_number(ob_reader *reader);

/* The kinds. */
PyObject *ob_read_int(ob_reader *reader, const ob_type *type);
PyObject *ob_read_bool(ob_reader *reader, const ob_type *type);
PyObject *ob_read_float(ob_reader *reader, const ob_type *type);
PyObject *ob_read_decimal(ob_reader *reader, const ob_type *type);
PyObject *ob_read_text(ob_reader *reader, const ob_type *type);
PyObject *ob_read_bytes(ob_reader *reader, const ob_type *type);
PyObject *ob_read_uuid(ob_reader *reader, const ob_type *type);
PyObject *ob_read_date(ob_reader *reader, const ob_type *type);
PyObject *ob_read_time(ob_reader *reader, const ob_type *type);
PyObject *ob_read_datetime(ob_reader *reader, const ob_type *type);
PyObject *ob_read_interval(ob_reader *reader, const ob_type *type);
PyObject *ob_read_json(ob_reader *reader, const ob_type *type);
PyObject *ob_read_inet(ob_reader *reader, const ob_type *type);
PyObject *ob_read_network(ob_reader *reader, const ob_type *type);
PyObject *ob_read_record(ob_reader *reader, const ob_type *type);
PyObject *ob_read_array(ob_reader *reader, const ob_type *type);
PyObject *ob_read_range(ob_reader *reader, const ob_type *type);
PyObject *ob_read_composite(ob_reader *reader, const ob_type *type);

static inline bool ob_at(const ob_reader *reader, char c) {
    return reader->next < reader->end && *reader->next == c;
}

/* Moves over c if it comes next. */
static inline bool ob_accept(ob_reader *reader, char c) {
    if (!ob_at(reader, c)) {
        return false;
    }
    reader->next++;
    return true;
}

/* Moves over c, or raises. */
static inline bool ob_expect(ob_reader *reader, char c, const char *what) {
    return ob_accept(reader, c) || ob_unexpected(reader, what);
}

/* Moves over the word if it comes next. */
static inline bool ob_accept_word(ob_reader *reader, const char *word, size_t length) {
    if ((size_t)(reader->end - reader->next) < length || memcmp(reader->next, word, length) != 0) {
        return false;
    }
    reader->next += length;
    return true;
}

#define OB_ACCEPT(reader, literal) ob_accept_word(reader, literal, sizeof literal - 1)

/* Moves over what separates items: true at a comma, false at the closing bracket (*more tells) or with an exception. */
static inline bool ob_next_item(ob_reader *reader, char closing, bool *more) {
    *more = ob_accept(reader, ',');
    return *more || ob_accept(reader, closing) || ob_unexpected(reader, "',' or a closing bracket");
}

/* A value or NULL, which is null in every kind. */
static inline PyObject *ob_read_value(ob_reader *reader, const ob_type *type) {
    if (ob_at(reader, 'n') && type->read != ob_read_json) { /* which has one of its own, with white space around it */
        if (!OB_ACCEPT(reader, "null")) {
            return ob_malformed(reader, "null");
        }
        return Py_NewRef(Py_None);
    }
    return type->read(reader, type);
}

/* Goes one level deeper; false with an exception when that is too deep. Values may be nested by users: a ValueError. */
static inline bool ob_enter(ob_reader *reader) {
    if (reader->depth < OB_MAX_DEPTH) {
        reader->depth++;
        return true;
    }
    PyErr_Format(PyExc_ValueError, "nested more than %d levels deep", OB_MAX_DEPTH);
    return false;
}

static inline PyObject *ob_leave(ob_reader *reader, PyObject *result) {
    reader->depth--;
    return result;
}

#endif
