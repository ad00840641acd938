package query

import (
	"strconv"
	"strings"

	"ouroboros-postgres/core/pgerr"
)

// MaxParameters is what the protocol can number.
const MaxParameters = 65535

// Named rewrites :name to $n, numbered by first appearance, and lists the names in that order. Values of names that the
// text does not use are left out. A colon is not a placeholder behind an operand: a[1:n], 'key':value.
func Named[V any](sql string, names map[string]V) (string, []string, error) {
	var out strings.Builder
	var order []string
	numbers := map[string]int{}
	tokens := Tokenize(sql)
	for i := 0; i < len(tokens); i++ {
		if tokens[i].Kind == Parameter {
			return "", nil, pgerr.New(pgerr.Query, "named and numbered parameters cannot be mixed: %s", tokens[i].Text)
		}
		if !namesParameter(tokens, i) {
			out.WriteString(tokens[i].Text)
			continue
		}
		i++
		name := tokens[i].Text
		if _, ok := names[name]; !ok {
			return "", nil, pgerr.New(pgerr.Query, "no value for the named parameter :%s", name)
		}
		if numbers[name] == 0 {
			order = append(order, name)
			numbers[name] = len(order)
		}
		out.WriteString("$" + strconv.Itoa(numbers[name]))
	}
	return out.String(), order, nil
}

func namesParameter(tokens []Token, i int) bool {
	if !tokens[i].mark(":") || i+1 == len(tokens) || tokens[i+1].Kind != Word {
		return false
	}
	if i > 0 && operand(tokens[i-1]) {
		return false
	}
	return !boundsSlice(tokens[:i])
}

func operand(t Token) bool {
	switch t.Kind {
	case Word, QuotedWord, Number, String, Parameter:
		return true
	}
	return t.mark(")") || t.mark("]") || t.mark("$")
}

// boundsSlice tells that a colon behind these tokens separates the bounds of an array slice: it follows an operand directly
// inside brackets.
func boundsSlice(before []Token) bool {
	i := len(before) - 1
	for i >= 0 && before[i].silent() {
		i--
	}
	if i < 0 || !operand(before[i]) || before[i].Kind == Word && precedesParenthesis(strings.ToLower(before[i].Text)) {
		return false
	}
	depth := 0
	for ; i >= 0; i-- {
		switch t := before[i]; {
		case t.mark(")"), t.mark("]"):
			depth++
		case depth > 0 && (t.mark("(") || t.mark("[")):
			depth--
		case t.mark("["):
			return true
		case t.mark("("):
			return false
		}
	}
	return false
}

func placeholder(t Token) (int, error) {
	number, err := strconv.Atoi(t.Text[1:])
	if err != nil || number < 1 || number > MaxParameters {
		return 0, pgerr.New(pgerr.Query, "Invalid placeholder: %s", t.Text)
	}
	return number, nil
}

// Fragment makes a piece of SQL written by the caller fit behind n parameters: its own run from $1 to $count, all of them
// used, becomes $n+1 to $n+count. It may end in semicolons, but not hold any, and it closes what it opens, so that what is
// written around it stays outside. Everything else in it is kept byte for byte.
func Fragment(sql string, count, n int) (string, error) {
	if strings.IndexByte(sql, 0) >= 0 {
		return "", pgerr.New(pgerr.Query, "the SQL text contains a NUL character")
	}
	tokens, err := trimmed(sql)
	if err != nil {
		return "", err
	}
	if err := complete(tokens, count); err != nil {
		return "", err
	}
	return shifted(tokens, n), nil
}

// shifted joins tokens, adding n to the number of every placeholder.
func shifted(tokens []Token, n int) string {
	var out strings.Builder
	for _, t := range tokens {
		if t.Kind != Parameter {
			out.WriteString(t.Text)
			continue
		}
		number, _ := placeholder(t) // complete has checked it
		out.WriteString("$" + strconv.Itoa(number+n))
	}
	return out.String()
}

// trimmed gives the tokens of a text without white space, comments and semicolons at its end.
func trimmed(sql string) ([]Token, error) {
	const after = "\n" // a token of its own, unless the text ends inside quotes
	tokens := Tokenize(sql + after)
	end := len(tokens)
	if tokens[end-1].Kind != Space && tokens[end-1].Kind != Comment {
		return nil, pgerr.New(pgerr.Query, "the SQL text ends inside quotes")
	}
	for end > 0 && (tokens[end-1].silent() || tokens[end-1].mark(";")) {
		end--
	}
	return tokens[:end], closed(tokens[:end])
}

// closed refuses statements that end inside a text, and parentheses that do not match.
func closed(tokens []Token) error {
	depth, lowest := 0, 0
	for _, t := range tokens {
		switch {
		case t.mark(";"):
			return pgerr.New(pgerr.Query, "the SQL text must not contain ';'")
		case t.mark("("):
			depth++
		case t.mark(")"):
			depth--
			lowest = min(lowest, depth)
		}
	}
	if depth != 0 || lowest < 0 {
		return pgerr.New(pgerr.Query, "the parentheses of the SQL text do not match")
	}
	return nil
}

func complete(tokens []Token, count int) error {
	used := map[int]bool{}
	for _, t := range tokens {
		if t.Kind != Parameter {
			continue
		}
		number, err := placeholder(t)
		if err != nil {
			return err
		}
		if number > count {
			return pgerr.New(pgerr.Query, "the SQL text uses %s but has %d parameters", t.Text, count)
		}
		used[number] = true
	}
	for number := 1; number <= count; number++ {
		if !used[number] {
			return pgerr.New(pgerr.Query, "the SQL text has %d parameters but does not use $%d", count, number)
		}
	}
	return nil
}
