package query

import (
	"strings"
	"testing"

	"ouroboros-postgres/core/pgerr"
)

func TestQuoteAccepts(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"users": `"users"`, "UserAccounts": `"UserAccounts"`, "_users": `"_users"`, "col$1": `"col$1"`, "姓名": `"姓名"`,
		"order": `"order"`, "deleted_at": `"deleted_at"`, "pg_column": `"pg_column"`,
		`"My Table"`: `"My Table"`, `"a""b"`: `"a""b"`, `"a.b"`: `"a.b"`, `"1;--"`: `"1;--"`,
		strings.Repeat("a", 63): `"` + strings.Repeat("a", 63) + `"`,
	} {
		if got, err := Quote(name); got != want || err != nil {
			t.Errorf("%q: %q %v", name, got, err)
		}
	}
	for name, want := range map[string]string{
		"users": `"users"`, "app.users": `"app"."users"`, `public."用户"`: `"public"."用户"`, `"a.b".c`: `"a.b"."c"`,
	} {
		if got, err := QuoteTable(name); got != want || err != nil {
			t.Errorf("%q: %q %v", name, got, err)
		}
	}
}

func TestQuoteRefuses(t *testing.T) {
	t.Parallel()
	for name, reason := range map[string]Reason{
		"": EmptyIdentifier, `""`: EmptyIdentifier, "a.": EmptyIdentifier, ".a": EmptyIdentifier, "a..b": EmptyIdentifier,
		"a.b.c": InvalidFormat, `"a`: InvalidFormat, `"a"b`: InvalidFormat, `"a" "b"`: InvalidFormat,
		"1a": StartsWithDigit, "a.1b": StartsWithDigit,
		"users;--": InvalidCharacters, "users'": InvalidCharacters, "[users]": InvalidCharacters,
		"users/*": InvalidCharacters, "a b": InvalidCharacters, "a\x00": InvalidCharacters, "\"a\x00\"": InvalidCharacters,
		"a`": InvalidCharacters, `a\b`: InvalidCharacters, "a-b": InvalidCharacters, "a#": InvalidCharacters, "a,b": InvalidCharacters,
		"a@b": InvalidCharacters, "a=b": InvalidCharacters, "a\nb": InvalidCharacters, "$a": InvalidCharacters, "a\xff": InvalidCharacters,
		"ﬁle": InvalidCharacters, "ａ": InvalidCharacters, `a"`: InvalidFormat,
		strings.Repeat("a", 64): TooLong, strings.Repeat("é", 32): TooLong, `"` + strings.Repeat("a", 64) + `"`: TooLong,
		"pg_catalog.x": SystemSchema, "information_schema.tables": SystemSchema, "pg_class": SystemSchema, `"PG_x".y`: SystemSchema,
	} {
		_, err := QuoteTable(name)
		got, ok := RefusedFor(err)
		if !ok || got != reason || pgerr.From(err).Kind != pgerr.Identifier {
			t.Errorf("%q: %q, want %q (%v)", name, got, reason, err)
		}
		if err != nil && len(name) > 3 && reason == InvalidCharacters && strings.Contains(err.Error(), name) {
			t.Errorf("%q is repeated in the message", name)
		}
	}
	if _, err := Quote("a.b"); err == nil {
		t.Error("Quote took two parts")
	}
	if _, err := QuoteTable("pg_catalog.x"); !strings.Contains(err.Error(), "Access to pg_catalog is not allowed") {
		t.Error(err)
	}
}

func TestReference(t *testing.T) {
	t.Parallel()
	for ref, want := range map[string][2]string{
		"users": {"users", "id"}, "users.uid": {"users", "uid"}, "app.users.uid": {"app.users", "uid"}, `"a.b".c`: {`"a.b"`, "c"},
	} {
		table, column, err := Reference(ref)
		if err != nil || table != want[0] || column != want[1] {
			t.Errorf("%q: %q %q %v", ref, table, column, err)
		}
	}
	for ref, part := range map[string]string{
		"": "cannot be empty", " ": "cannot be empty", "a.b.c.d": "Invalid foreign key reference format", "a..b": "Invalid foreign key reference format",
		"a;b": "Invalid foreign key reference format", `"a`: "Invalid foreign key reference format", "pg_class.oid": "Access to",
	} {
		_, _, err := Reference(ref)
		if err == nil || !strings.Contains(err.Error(), part) || pgerr.From(err).Kind != pgerr.Identifier {
			t.Errorf("%q: %v", ref, err)
		}
	}
}

func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"a", `"a""b"`, "a.b", "a;", "é", `""`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		out, err := Quote(name)
		if err != nil {
			if _, ok := RefusedFor(err); !ok {
				t.Fatalf("%q: no reason in %v", name, err)
			}
			return
		}
		tokens := Tokenize(out)
		if len(tokens) != 1 || tokens[0].Kind != QuotedWord {
			t.Fatalf("%q became %q", name, out)
		}
		if again, err := Quote(out); again != out || err != nil {
			t.Fatalf("%q became %q, then %q (%v)", name, out, again, err)
		}
	})
}
