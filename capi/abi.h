/* What the Go side includes: the header, and names for const types, which Go cannot spell. With them the prototypes
 * that cgo generates are the header's, and the C compiler refuses a difference. */
#ifndef OUROBOROS_POSTGRES_ABI_H
#define OUROBOROS_POSTGRES_ABI_H

#include "ouroboros_postgres.h"

typedef const uint8_t ob_const_bytes;
typedef const char ob_const_char;

#endif
