package wire

// OIDs of the types that this package treats by name; they are the same on every server.
const (
	oidBool        = 16
	oidBytea       = 17
	oidChar        = 18
	oidName        = 19
	oidInt8        = 20
	oidInt2        = 21
	oidInt4        = 23
	oidText        = 25
	oidOID         = 26
	oidXID         = 28
	oidCID         = 29
	oidJSON        = 114
	oidBox         = 603
	oidCIDR        = 650
	oidFloat4      = 700
	oidFloat8      = 701
	oidUnknown     = 705
	oidMoney       = 790
	oidInet        = 869
	oidBPChar      = 1042
	oidVarchar     = 1043
	oidDate        = 1082
	oidTime        = 1083
	oidTimestamp   = 1114
	oidTimestampTZ = 1184
	oidInterval    = 1186
	oidTimeTZ      = 1266
	oidNumeric     = 1700
	oidRecord      = 2249
	oidCString     = 2275
	oidVoid        = 2278
	oidUUID        = 2950
	oidJSONB       = 3802
	oidInt4Range   = 3904
	oidNumRange    = 3906
	oidTSRange     = 3908
	oidTSTZRange   = 3910
	oidDateRange   = 3912
	oidInt8Range   = 3926

	oidInt2Vector    = 22
	oidRegproc       = 24
	oidOIDVector     = 30
	oidRefcursor     = 1790
	oidRegprocedure  = 2202
	oidRegoper       = 2203
	oidRegoperator   = 2204
	oidRegclass      = 2205
	oidRegtype       = 2206
	oidTxidSnapshot  = 2970
	oidLSN           = 3220
	oidRegconfig     = 3734
	oidRegdictionary = 3769
	oidJSONPath      = 4072
	oidRegnamespace  = 4089
	oidRegrole       = 4096
	oidRegcollation  = 4191
	oidSnapshot      = 5038
)

// arrayOf is the array type of a natural type.
func arrayOf(oid uint32) uint32 {
	switch oid {
	case oidBool:
		return 1000
	case oidBytea:
		return 1001
	case oidInt8:
		return 1016
	case oidInt4:
		return 1007
	case oidCIDR:
		return 651
	case oidFloat8:
		return 1022
	case oidInet:
		return 1041
	case oidDate:
		return 1182
	case oidTime:
		return 1183
	case oidTimestamp:
		return 1115
	case oidTimestampTZ:
		return 1185
	case oidInterval:
		return 1187
	case oidTimeTZ:
		return 1270
	case oidNumeric:
		return 1231
	case oidUUID:
		return 2951
	case oidInt4Range:
		return 3905
	case oidNumRange:
		return 3907
	case oidTSRange:
		return 3909
	case oidTSTZRange:
		return 3911
	case oidDateRange:
		return 3913
	case oidInt8Range:
		return 3927
	default:
		return 1009
	}
}

// family is the form of a scalar's values. familyOther stands for types that only travel as text.
type family uint8

const (
	familyOther family = iota
	familyBool
	familyInt2
	familyInt4
	familyInt8
	familyOID
	familyFloat4
	familyFloat8
	familyNumeric
	familyMoney
	familyChar
	familyText
	familyBytea
	familyUUID
	familyDate
	familyTime
	familyTimeTZ
	familyTimestamp
	familyTimestampTZ
	familyInterval
	familyJSON
	familyJSONB
	familyInet
	familyCIDR
	familyHstore
	familyRecord
	familyVoid
)

func familyOf(t *Type) family {
	switch t.OID {
	case oidBool:
		return familyBool
	case oidInt2:
		return familyInt2
	case oidInt4:
		return familyInt4
	case oidInt8:
		return familyInt8
	case oidOID, oidXID, oidCID:
		return familyOID
	case oidFloat4:
		return familyFloat4
	case oidFloat8:
		return familyFloat8
	case oidNumeric:
		return familyNumeric
	case oidMoney:
		return familyMoney
	case oidText, oidVarchar, oidBPChar, oidName, oidUnknown, oidCString:
		return familyText
	}
	return rareFamilyOf(t)
}

func rareFamilyOf(t *Type) family {
	switch t.OID {
	case oidChar:
		return familyChar
	case oidBytea:
		return familyBytea
	case oidUUID:
		return familyUUID
	case oidDate:
		return familyDate
	case oidTime:
		return familyTime
	case oidTimeTZ:
		return familyTimeTZ
	case oidTimestamp:
		return familyTimestamp
	case oidTimestampTZ:
		return familyTimestampTZ
	case oidInterval:
		return familyInterval
	case oidJSON:
		return familyJSON
	case oidJSONB:
		return familyJSONB
	case oidInet:
		return familyInet
	case oidCIDR:
		return familyCIDR
	case oidRecord:
		return familyRecord
	case oidVoid:
		return familyVoid
	}
	return extensionFamilyOf(t)
}

// extensionFamilyOf recognises types whose OID depends on the database by their name.
func extensionFamilyOf(t *Type) family {
	if t.Class != Scalar {
		return familyOther
	}
	switch t.Name {
	case "hstore":
		return familyHstore
	case "citext":
		return familyText
	}
	return familyOther
}
