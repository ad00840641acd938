/* JSON strings: text and base64. */
#include "decode_internal.h"

/* Tells bytes that end a run of ordinary characters: controls, the quote and the backslash. */
static inline bool is_special(char c) { return (unsigned char)c < 0x20 || c == '"' || c == '\\'; }

/* As is_special for eight bytes at once; may also say yes to bytes after a special one. */
static inline bool has_special(const char *bytes) {
    const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    uint64_t quotes = word ^ ones * '"', backslashes = word ^ ones * '\\';
    uint64_t hits = (word - ones * 0x20) & ~word;
    hits |= ((quotes - ones) & ~quotes) | ((backslashes - ones) & ~backslashes);
    return (hits & tops) != 0;
}

static const char *skip_ordinary(const char *next, const char *end) {
    while (end - next >= 8 && !has_special(next)) {
        next += 8;
    }
    while (next < end && !is_special(*next)) {
        next++;
    }
    return next;
}

bool ob_scan_text(ob_reader *r, ob_text *text) {
    if (!ob_expect(r, '"', "a string")) {
        return false;
    }
    text->start = r->next;
    text->escaped = false;
    for (;;) {
        r->next = skip_ordinary(r->next, r->end);
        if (ob_at(r, '\\') && r->end - r->next > 1) {
            text->escaped = true;
            r->next += 2;
            continue;
        }
        text->length = r->next - text->start;
        return ob_expect(r, '"', "a string without control characters and its closing quote");
    }
}

bool ob_scan_plain_text(ob_reader *r, ob_text *text) {
    return ob_scan_text(r, text) && (!text->escaped || ob_unexpected(r, "a string without escapes"));
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number of a \u escape, whose digits start at text; -1 when they are none. */
static int32_t code_unit(const char *text, const char *end) {
    int32_t unit = 0;
    if (end - text < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0) {
            return -1;
        }
        unit = unit << 4 | digit;
    }
    return unit;
}

static inline bool is_surrogate(int32_t code, int32_t first) { return (code & ~0x3ff) == first; }

/* Writes a code point in UTF-8, a lone surrogate like any other of its length. */
static char *put_code(char *out, int32_t code) {
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *out++ = (char)(0xe0 | code >> 12);
        } else {
            *out++ = (char)(0xf0 | code >> 18);
            *out++ = (char)(0x80 | (code >> 12 & 0x3f));
        }
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
    }
    *out++ = (char)(0x80 | (code & 0x3f));
    return out;
}

/* A text while its escapes are resolved; the result is never longer than the text. */
typedef struct {
    const char *in, *end;
    char *out;
    bool lone; /* a surrogate without its other half is there */
} unescaping;

static bool unescape_unit(unescaping *u) {
    int32_t code = code_unit(u->in, u->end);
    if (code < 0) {
        return false;
    }
    u->in += 4;
    if (is_surrogate(code, 0xd800) && u->end - u->in >= 6 && u->in[0] == '\\' && u->in[1] == 'u') {
        int32_t low = code_unit(u->in + 2, u->end);
        if (is_surrogate(low, 0xdc00)) {
            code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
            u->in += 6;
        }
    }
    u->lone |= code >= 0xd800 && code <= 0xdfff;
    u->out = put_code(u->out, code);
    return true;
}

/* Resolves the escape whose backslash has been read. */
static bool unescape_one(unescaping *u) {
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char letter = *u->in++;
    if (letter == 'u') {
        return unescape_unit(u);
    }
    const char *found = letter != '\0' ? strchr(letters, letter) : NULL;
    if (found == NULL) {
        return false;
    }
    *u->out++ = meanings[found - letters];
    return true;
}

/* Every backslash has a character after it: ob_scan_text has seen to that. */
static bool unescape(unescaping *u) {
    while (u->in < u->end) {
        if (*u->in != '\\') {
            *u->out++ = *u->in++;
            continue;
        }
        u->in++;
        if (!unescape_one(u)) {
            return false;
        }
    }
    return true;
}

static PyObject *utf8_object(const ob_reader *r, const char *bytes, Py_ssize_t length, const char *errors) {
    PyObject *object = PyUnicode_DecodeUTF8(bytes, length, errors);
    if (object == NULL && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) {
        PyErr_Clear();
        return ob_malformed(r, "valid UTF-8 before this");
    }
    return object;
}

static PyObject *escaped_object(const ob_reader *r, const ob_text *text) {
    char few[256];
    char *buffer = text->length <= (Py_ssize_t)sizeof few ? few : PyMem_Malloc((size_t)text->length);
    if (buffer == NULL) {
        return PyErr_NoMemory();
    }
    unescaping u = {text->start, text->start + text->length, buffer, false};
    PyObject *object = unescape(&u) ? utf8_object(r, buffer, u.out - buffer, u.lone ? "surrogatepass" : NULL)
                                    : ob_malformed(r, "only valid escapes before this");
    if (buffer != few) {
        PyMem_Free(buffer);
    }
    return object;
}

PyObject *ob_text_object(const ob_reader *r, const ob_text *text) {
    return text->escaped ? escaped_object(r, text) : utf8_object(r, text->start, text->length, NULL);
}

PyObject *ob_from_text(ob_reader *r, ob_object which, const ob_text *text) {
    PyObject *callable = ob_lookup(r->decoder, which);
    PyObject *argument = callable != NULL ? ob_text_object(r, text) : NULL;
    PyObject *result = argument != NULL ? PyObject_CallFunctionObjArgs(callable, argument, NULL) : NULL;
    Py_XDECREF(argument);
    return result;
}

PyObject *ob_read_text(ob_reader *r, const ob_type *Py_UNUSED(type)) {
    ob_text text;
    return ob_scan_text(r, &text) ? ob_text_object(r, &text) : NULL;
}

/* The value of each base64 digit plus one; 0 for other bytes. */
static const uint8_t base64_digits[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

/* Decodes `digits` of a group of four into one byte less; false for anything but digits. */
static bool base64_group(const char *in, int digits, char *out) {
    uint32_t bits = 0;
    for (int i = 0; i < 4; i++) {
        uint32_t digit = i < digits ? base64_digits[(unsigned char)in[i]] : 1;
        if (digit == 0) {
            return false;
        }
        bits = bits << 6 | (digit - 1);
    }
    for (int i = 0; i < digits - 1; i++) {
        out[i] = (char)(bits >> (16 - 8 * i));
    }
    return true;
}

/* How many of the last two bytes of whole groups are padding. */
static int base64_padding(const char *in, Py_ssize_t length) {
    if (length == 0 || in[length - 1] != '=') {
        return 0;
    }
    return in[length - 2] == '=' ? 2 : 1;
}

static bool base64_groups(const char *in, Py_ssize_t length, char *out) {
    for (; length > 4; length -= 4, in += 4, out += 3) {
        if (!base64_group(in, 4, out)) {
            return false;
        }
    }
    return length == 0 || base64_group(in, 4 - base64_padding(in, length), out);
}

PyObject *ob_read_bytes(ob_reader *r, const ob_type *Py_UNUSED(type)) {
    ob_text text;
    if (!ob_scan_plain_text(r, &text)) {
        return NULL;
    }
    Py_ssize_t length = text.length;
    if (length % 4 != 0) {
        return ob_malformed(r, "whole base64 groups before this");
    }
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, length / 4 * 3 - base64_padding(text.start, length));
    if (bytes != NULL && !base64_groups(text.start, length, PyBytes_AsString(bytes))) {
        Py_DECREF(bytes);
        return ob_malformed(r, "only base64 before this");
    }
    return bytes;
}
