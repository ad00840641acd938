package wire

// Builtin knows the types that every server has. Types of extensions and of users come from the catalogue.
type Builtin struct {
	types map[uint32]*Type
}

// NewBuiltin builds the table, which is then only read.
func NewBuiltin() *Builtin {
	b := &Builtin{types: make(map[uint32]*Type, 256)}
	b.addAll(Scalar, builtinScalars())
	b.addAll(Pseudo, builtinPseudos())
	b.addRanges()
	return b
}

// Type implements Types.
func (b *Builtin) Type(oid uint32) (*Type, bool) {
	t, ok := b.types[oid]
	return t, ok
}

type builtinType struct {
	oid   uint32
	name  string
	array uint32 // 0: none
}

func (b *Builtin) addAll(class Class, rows []builtinType) {
	for _, row := range rows {
		b.add(class, row, nil)
	}
}

func (b *Builtin) add(class Class, row builtinType, elem *Type) *Type {
	t := &Type{OID: row.oid, Schema: "pg_catalog", Name: row.name, Class: class, Elem: elem}
	b.types[row.oid] = t
	if row.array != 0 {
		b.types[row.array] = &Type{OID: row.array, Schema: "pg_catalog", Name: "_" + row.name, Class: Array, Elem: t}
	}
	return t
}

func (b *Builtin) addRanges() {
	for _, row := range []struct {
		subtype           uint32
		single, multiples builtinType
	}{
		{oidInt4, builtinType{oidInt4Range, "int4range", 3905}, builtinType{4451, "int4multirange", 6150}},
		{oidNumeric, builtinType{oidNumRange, "numrange", 3907}, builtinType{4532, "nummultirange", 6151}},
		{oidTimestamp, builtinType{oidTSRange, "tsrange", 3909}, builtinType{4533, "tsmultirange", 6152}},
		{oidTimestampTZ, builtinType{oidTSTZRange, "tstzrange", 3911}, builtinType{4534, "tstzmultirange", 6153}},
		{oidDate, builtinType{oidDateRange, "daterange", 3913}, builtinType{4535, "datemultirange", 6155}},
		{oidInt8, builtinType{oidInt8Range, "int8range", 3927}, builtinType{4536, "int8multirange", 6157}},
	} {
		single := b.add(Range, row.single, b.types[row.subtype])
		b.add(Multirange, row.multiples, single)
	}
}

func builtinScalars() []builtinType {
	return []builtinType{
		{16, "bool", 1000},
		{17, "bytea", 1001},
		{18, "char", 1002},
		{19, "name", 1003},
		{20, "int8", 1016},
		{21, "int2", 1005},
		{22, "int2vector", 1006},
		{23, "int4", 1007},
		{24, "regproc", 1008},
		{25, "text", 1009},
		{26, "oid", 1028},
		{27, "tid", 1010},
		{28, "xid", 1011},
		{29, "cid", 1012},
		{30, "oidvector", 1013},
		{114, "json", 199},
		{142, "xml", 143},
		{194, "pg_node_tree", 0},
		{600, "point", 1017},
		{601, "lseg", 1018},
		{602, "path", 1019},
		{603, "box", 1020},
		{604, "polygon", 1027},
		{628, "line", 629},
		{650, "cidr", 651},
		{700, "float4", 1021},
		{701, "float8", 1022},
		{718, "circle", 719},
		{774, "macaddr8", 775},
		{790, "money", 791},
		{829, "macaddr", 1040},
		{869, "inet", 1041},
		{1033, "aclitem", 1034},
		{1042, "bpchar", 1014},
		{1043, "varchar", 1015},
		{1082, "date", 1182},
		{1083, "time", 1183},
		{1114, "timestamp", 1115},
		{1184, "timestamptz", 1185},
		{1186, "interval", 1187},
		{1266, "timetz", 1270},
		{1560, "bit", 1561},
		{1562, "varbit", 1563},
		{1700, "numeric", 1231},
		{1790, "refcursor", 2201},
		{2202, "regprocedure", 2207},
		{2203, "regoper", 2208},
		{2204, "regoperator", 2209},
		{2205, "regclass", 2210},
		{2206, "regtype", 2211},
		{2950, "uuid", 2951},
		{2970, "txid_snapshot", 2949},
		{3220, "pg_lsn", 3221},
		{3361, "pg_ndistinct", 0},
		{3402, "pg_dependencies", 0},
		{3614, "tsvector", 3643},
		{3615, "tsquery", 3645},
		{3642, "gtsvector", 3644},
		{3734, "regconfig", 3735},
		{3769, "regdictionary", 3770},
		{3802, "jsonb", 3807},
		{4072, "jsonpath", 4073},
		{4089, "regnamespace", 4090},
		{4096, "regrole", 4097},
		{4191, "regcollation", 4192},
		{4600, "pg_brin_bloom_summary", 0},
		{4601, "pg_brin_minmax_multi_summary", 0},
		{5017, "pg_mcv_list", 0},
		{5038, "pg_snapshot", 5039},
		{5069, "xid8", 271},
	}
}

func builtinPseudos() []builtinType {
	return []builtinType{
		{32, "pg_ddl_command", 0},
		{269, "table_am_handler", 0},
		{325, "index_am_handler", 0},
		{705, "unknown", 0},
		{2249, "record", 2287},
		{2275, "cstring", 1263},
		{2276, "any", 0},
		{2277, "anyarray", 0},
		{2278, "void", 0},
		{2279, "trigger", 0},
		{2280, "language_handler", 0},
		{2281, "internal", 0},
		{2283, "anyelement", 0},
		{2776, "anynonarray", 0},
		{3115, "fdw_handler", 0},
		{3310, "tsm_handler", 0},
		{3500, "anyenum", 0},
		{3831, "anyrange", 0},
		{3838, "event_trigger", 0},
		{4537, "anymultirange", 0},
		{4538, "anycompatiblemultirange", 0},
		{5077, "anycompatible", 0},
		{5078, "anycompatiblearray", 0},
		{5079, "anycompatiblenonarray", 0},
		{5080, "anycompatiblerange", 0},
	}
}
