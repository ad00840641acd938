package operation

import (
	"context"
	"testing"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

const refusal = "Cannot delete record: foreign key constraint violation. Use cascade delete or remove referencing records first."

func TestDeleteCascade(t *testing.T) {
	t.Parallel()
	d := open(t)
	other := d.schema + "_b"
	d.exec(`DROP SCHEMA IF EXISTS ` + other + ` CASCADE; CREATE SCHEMA ` + other)
	t.Cleanup(func() {
		if _, err := d.session.Query(context.Background(), engine.Statement{SQL: `DROP SCHEMA IF EXISTS ` + other + ` CASCADE`}); err != nil {
			t.Error(err)
		}
	})
	d.exec(`CREATE TABLE a (id uuid PRIMARY KEY, x int, y text, UNIQUE (x, y));
		CREATE TABLE ` + other + `.b (py text, px int, "Id" int UNIQUE, FOREIGN KEY (px, py) REFERENCES a (x, y) ON DELETE CASCADE);
		CREATE TABLE c (id int PRIMARY KEY, b int REFERENCES ` + other + `.b ("Id") ON DELETE CASCADE, c int REFERENCES c ON DELETE CASCADE);
		CREATE TABLE n (id int, c int DEFAULT 1 REFERENCES c ON DELETE SET NULL);
		CREATE TABLE r (id int, c int CONSTRAINT the_rule REFERENCES c ON DELETE RESTRICT);
		INSERT INTO a VALUES ('00000000-0000-0000-0000-000000000001', 1, 'k'), ('00000000-0000-0000-0000-000000000002', 2, 'k');
		INSERT INTO ` + other + `.b VALUES ('k', 1, 10), ('k', 1, 11), ('k', 2, 20), (NULL, 1, 30);
		INSERT INTO c VALUES (1, 10, NULL), (2, NULL, 1), (3, NULL, 2), (4, 20, 4), (5, NULL, NULL);
		UPDATE c SET c = 3 WHERE id = 1;
		INSERT INTO n VALUES (1, 2), (2, 5); INSERT INTO r VALUES (1, 3)`)
	one := `"id":{"u":"00000000-0000-0000-0000-000000000001"}`
	e := d.fails(`{"op":"delete_cascade","table":"a",`+one+`}`, pgerr.ForeignKey, refusal)
	if e.Schema != d.schema || e.Table != "r" || e.Column != "c" || e.Constraint != "the_rule" {
		t.Errorf("%+v", e)
	}
	d.want(`{"op":"count","table":"c"}`, `5`)
	d.exec(`DELETE FROM r`)
	// a1, b10, b11, c1, c2, c3 (a ring); n1 is updated and not counted.
	d.want(`{"op":"delete_cascade","table":"a",`+one+`}`, `6`)
	d.want(`{"op":"execute","sql":"select id, c from n order by id"}`, `[{"id":1,"c":null},{"id":2,"c":5}]`)
	d.want(`{"op":"execute","sql":"select id from c order by id"}`, `[{"id":4},{"id":5}]`)
	d.want(`{"op":"delete_cascade","table":"a",`+one+`}`, `0`)
	d.want(`{"op":"delete_cascade","table":"a","id":null}`, `0`)
	d.within(func(inner *database) {
		inner.want(`{"op":"delete_cascade","table":"`+d.schema+`.a","id":2,"id_column":"x"}`, `3`)
	})
	d.want(`{"op":"count","table":"a"}`, `1`)
	d.fails(`{"op":"delete_cascade","table":"nowhere","id":1}`, pgerr.TableMissing, "not found")
}

// TestDeleteOfADiamond deletes rows that refer to each other by NO ACTION as well: nothing is left to refer.
func TestDeleteOfADiamond(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE a (id int PRIMARY KEY);
		CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a ON DELETE CASCADE);
		CREATE TABLE c (id int PRIMARY KEY, a int REFERENCES a ON DELETE CASCADE, b int REFERENCES b DEFERRABLE INITIALLY DEFERRED, me int REFERENCES c);
		INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (1, 1), (2, 2); INSERT INTO c VALUES (1, 1, 1, 1), (2, 2, 2, 2), (3, 1, 2, 3)`)
	d.want(`{"op":"delete_cascade","table":"a","id":1}`, `4`)
	d.exec(`INSERT INTO a VALUES (3); INSERT INTO c VALUES (4, 3, 2, 4)`)
	e := d.fails(`{"op":"delete_cascade","table":"a","id":2}`, pgerr.ForeignKey, refusal)
	if e.Table != "c" || e.Column != "b" {
		t.Errorf("%+v", e)
	}
}

func TestDeleteChecked(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE a (id int PRIMARY KEY);
		CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a ON DELETE CASCADE);
		CREATE TABLE r (b int REFERENCES b, a int REFERENCES a DEFERRABLE INITIALLY DEFERRED);
		CREATE TABLE s (b int REFERENCES b DEFERRABLE INITIALLY DEFERRED);
		INSERT INTO a VALUES (1), (2), (3), (4); INSERT INTO b VALUES (1, 1), (3, 3), (4, 4); INSERT INTO r VALUES (NULL, 2), (3, NULL); INSERT INTO s VALUES (4)`)
	d.want(`{"op":"delete_checked","table":"a","id":1}`, `1`)
	d.want(`{"op":"delete_checked","table":"a","id":1}`, `0`)
	d.want(`{"op":"count","table":"b"}`, `2`)
	e := d.fails(`{"op":"delete_checked","table":"a","id":2}`, pgerr.ForeignKey, refusal)
	if e.Table != "r" || e.Column != "a" || e.Constraint != "r_a_fkey" {
		t.Errorf("%+v", e)
	}
	// Two levels down it is the server that refuses: at once, or when the transaction ends.
	for id, table := range map[string]string{"3": "r", "4": "s"} {
		e = d.fails(`{"op":"delete_checked","table":"a","id":`+id+`}`, pgerr.ForeignKey, refusal)
		if e.SQLState != "23503" || e.Table != table {
			t.Errorf("%+v", e)
		}
	}
	d.want(`{"op":"count","table":"a"}`, `3`)
}

func TestDeleteCascadeOfPartitions(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE a (id int PRIMARY KEY) PARTITION BY RANGE (id);
		CREATE TABLE a1 PARTITION OF a FOR VALUES FROM (0) TO (10); CREATE TABLE a2 PARTITION OF a FOR VALUES FROM (10) TO (20);
		CREATE TABLE b (id int, a int REFERENCES a ON DELETE CASCADE) PARTITION BY RANGE (id);
		CREATE TABLE b1 PARTITION OF b FOR VALUES FROM (0) TO (10); CREATE TABLE b2 PARTITION OF b FOR VALUES FROM (10) TO (20);
		INSERT INTO a VALUES (1), (11), (12); INSERT INTO b VALUES (1, 11), (11, 11), (2, 1)`)
	d.want(`{"op":"delete_cascade","table":"a","id":11}`, `3`)
	d.want(`{"op":"delete_cascade","table":"a1","id":1}`, `2`)
	d.want(`{"op":"count","table":"b"}`, `0`)
}

// TestDeleteCascadeLocks tries to add rows to what was looked at, before anything is deleted.
func TestDeleteCascadeLocks(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE a (id int PRIMARY KEY);
		CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a ON DELETE CASCADE);
		CREATE TABLE c (b int REFERENCES b);
		INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (1, 1), (2, 2)`)
	d.within(func(inner *database) {
		r := &removalRequest{Table: "a", ID: wire.Arg{Kind: wire.Int, Text: "1"}, IDColumn: "id"}
		if _, err := r.prepare(t.Context(), inner.session, `"a"`, true); err != nil {
			t.Fatal(err)
		}
		for sql, want := range map[string]string{
			"INSERT INTO b VALUES (3, 1)": "55P03", "INSERT INTO c VALUES (1)": "55P03", "DELETE FROM b WHERE id = 1": "55P03",
			"INSERT INTO c VALUES (2)": "", "INSERT INTO b VALUES (4, 2)": "",
		} {
			err := d.session.Atomic(t.Context(), func(session engine.Session) error {
				if _, err := session.Query(t.Context(), engine.Statement{SQL: "SET LOCAL lock_timeout = '20ms'"}); err != nil {
					return err
				}
				_, err := session.Query(t.Context(), engine.Statement{SQL: sql})
				return err
			})
			if (err != nil || want != "") && (err == nil || pgerr.From(err).SQLState != want) {
				t.Errorf("%s: %v", sql, err)
			}
		}
	})
}
