package wire

// keptKinds are the kinds of arguments that the server gives back as they were sent, by the types of which that is true.
var keptKinds = map[uint32]ArgKind{
	oidBool: Bool, oidBytea: Bytes, oidDate: Date, oidFloat8: Float, oidInt2: Int, oidInt4: Int, oidInt8: Int,
	oidNumeric: Numeric, oidText: Text, oidTimestamp: Timestamp, oidTimestampTZ: TimestampTZ, oidUUID: UUID, oidVarchar: Text,
}

// Keeps tells whether a type without a modifier holds such a value without altering it.
func (t *Type) Keeps(a Arg) bool {
	kind, known := keptKinds[t.OID]
	return a.Kind == Null || known && a.Kind == kind
}
