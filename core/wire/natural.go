package wire

import "math"

// Natural is the type of each argument on its own, for statements whose parameters the server cannot infer.
func Natural(args []Arg) []uint32 {
	oids := make([]uint32, len(args))
	for i := range args {
		oids[i] = naturalOID(&args[i])
	}
	return oids
}

func naturalOID(a *Arg) uint32 {
	switch a.Kind {
	case Int:
		return naturalInt(a.Text)
	case Float:
		return oidFloat8
	case Bool:
		return oidBool
	case Numeric:
		return oidNumeric
	case Bytes:
		return oidBytea
	case UUID:
		return oidUUID
	case Date:
		return oidDate
	case Time:
		return oidTime
	case TimeTZ:
		return oidTimeTZ
	case Timestamp:
		return oidTimestamp
	case TimestampTZ:
		return oidTimestampTZ
	case Interval:
		return oidInterval
	case JSON:
		return oidJSONB
	case IP:
		return oidInet
	case Network:
		return oidCIDR
	case List:
		return naturalList(a.List)
	case RangeKind:
		return naturalRange(a.Range)
	default:
		return oidText
	}
}

func naturalInt(text string) uint32 {
	switch {
	case within(text, math.MinInt32, math.MaxInt32):
		return oidInt4
	case within(text, math.MinInt64, math.MaxInt64):
		return oidInt8
	default:
		return oidNumeric
	}
}

// naturalList is the array of the common element type, or jsonb where there is none.
func naturalList(list []Arg) uint32 {
	dims, ok := dimensions(list)
	if !ok {
		return oidJSONB
	}
	common, ok := commonElement(list, len(dims))
	if !ok {
		return oidJSONB
	}
	return arrayOf(common)
}

// commonElement unites the natural types of all elements; 0 when every element is None.
func commonElement(list []Arg, depth int) (common uint32, ok bool) {
	for i := range list {
		var next uint32
		switch {
		case list[i].Kind == Null:
			continue
		case list[i].Kind == JSON:
			return 0, false
		case depth > 1:
			if next, ok = commonElement(list[i].List, depth-1); !ok {
				return 0, false
			}
		default:
			next = naturalOID(&list[i])
		}
		if common, ok = unite(common, next); !ok {
			return 0, false
		}
	}
	return common, true
}

// unite is the type that holds the values of both; 0 stands for no value yet.
func unite(a, b uint32) (uint32, bool) {
	if a > b {
		a, b = b, a
	}
	switch {
	case a == b || a == 0:
		return b, true
	case isNumber(a) && isNumber(b):
		return uniteNumbers(b), true
	case a == oidCIDR && b == oidInet:
		return oidInet, true
	case a == oidInt4Range && b == oidInt8Range:
		return oidInt8Range, true
	case a == oidInt4Range && b == oidNumRange, a == oidNumRange && b == oidInt8Range:
		return oidNumRange, true
	}
	return 0, false
}

func isNumber(oid uint32) bool {
	return oid == oidInt4 || oid == oidInt8 || oid == oidFloat8 || oid == oidNumeric
}

// uniteNumbers takes the larger OID of two number types. Integers beyond 64 bit are numeric, and so is a list that mixes them with floats.
func uniteNumbers(larger uint32) uint32 {
	switch larger {
	case oidNumeric, oidFloat8:
		return larger
	default:
		return oidInt8
	}
}

// naturalRange is the range over the common type of the bounds; text where they do not tell.
func naturalRange(r *RangeArg) uint32 {
	common, ok := uint32(0), true
	for _, bound := range []*Arg{&r.Lower, &r.Upper} {
		if bound.Kind != Null && ok {
			common, ok = unite(common, naturalOID(bound))
		}
	}
	if !ok {
		return oidText
	}
	switch common {
	case oidInt4:
		return oidInt4Range
	case oidInt8:
		return oidInt8Range
	case oidNumeric, oidFloat8:
		return oidNumRange
	case oidTimestamp:
		return oidTSRange
	case oidTimestampTZ:
		return oidTSTZRange
	case oidDate:
		return oidDateRange
	}
	return oidText
}
