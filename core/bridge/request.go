package bridge

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"ouroboros-postgres/core/pgerr"
)

var opKey = []byte(`{"op":"`)

// operationName finds the operation in a request, and refuses what is not a JSON object.
func operationName(request []byte) (string, bool) {
	if !json.Valid(request) {
		return "", false
	}
	if name, ok := leadingName(request); ok {
		return name, true
	}
	var head struct {
		Op string `json:"op"`
	}
	if trimmed := bytes.TrimLeft(request, " \t\r\n"); trimmed[0] != '{' {
		return "", false
	}
	if err := json.Unmarshal(request, &head); err != nil {
		return "", true // an object whose op is no string: an unknown operation
	}
	return head.Op, true
}

// leadingName is the short way for requests in the usual shape.
func leadingName(request []byte) (string, bool) {
	rest, ok := bytes.CutPrefix(request, opKey)
	if !ok {
		return "", false
	}
	end := bytes.IndexByte(rest, '"')
	if end < 0 || bytes.IndexByte(rest[:end], '\\') >= 0 {
		return "", false
	}
	return string(rest[:end]), true
}

// decode reads a request strictly: every field must be known.
func decode(request []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(request))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return requestError(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return pgerr.New(pgerr.Value, "Invalid request: something follows the object")
	}
	return nil
}

func requestError(err error) error {
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		return pgerr.Wrap(err, pgerr.Type, "Invalid request: %s cannot be a JSON %s", mismatch.Field, mismatch.Value)
	}
	return pgerr.Wrap(err, pgerr.Value, "Invalid request: %s", strings.TrimPrefix(err.Error(), "json: "))
}
