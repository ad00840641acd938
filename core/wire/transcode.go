package wire

import (
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"
)

// transcoded turns the binary form of a type that otherwise travels as text into its text. Only anonymous records need it:
// they are binary as a whole, and their types show too late to ask for text.
func (b *codecs) transcoded(t *Type) decoder {
	return func(dst, src []byte) ([]byte, error) {
		types := pgtype.NewMap()
		known, ok := types.TypeForOID(t.OID)
		if !ok || !known.Codec.FormatSupported(pgtype.BinaryFormatCode) {
			return dst, errUntyped(t)
		}
		value, err := known.Codec.DecodeValue(types, t.OID, pgtype.BinaryFormatCode, src)
		if err != nil {
			return dst, errMalformed
		}
		text, err := types.Encode(t.OID, pgtype.TextFormatCode, value, nil)
		if err != nil {
			return dst, errUntyped(t)
		}
		return b.codec(t).text(dst, text)
	}
}

func errUntyped(t *Type) error {
	return fmt.Errorf("a value of type %s cannot be read inside an anonymous record", t.Name)
}
