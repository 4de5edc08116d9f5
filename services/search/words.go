package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Normal returns s in the one form in which texts are indexed and searched: Unicode
// NFKC (UAX 15), so that full-width letters and decomposed Hangul become the usual
// characters; without characters that show nothing, such as zero-width spaces; and
// with one space between words. It is not for display, because NFKC loses
// differences that people see. What is not UTF-8 stays as it is.
func Normal(s string) string {
	if !utf8.ValidString(s) {
		return s
	}
	return strings.Join(strings.Fields(norm.NFKC.String(strings.Map(visible, norm.NFKD.String(s)))), " ")
}

// visible drops what Unicode calls default ignorable (UAX 44).
func visible(r rune) rune {
	if unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
		return -1
	}
	return r
}

// Normal returns the text with both languages in their normal form.
func (t Text) Normal() Text { return Text{Normal(t.Ko), Normal(t.En)} }

// NameKeys are three spellings of a name. Two names are the same to a diner who
// types one of them if a spelling is equal; the first that is equal says how
// exactly.
type NameKeys struct {
	Spelled string // in one case
	Joined  string // also without spaces
	Letters string // also without accents, punctuation and symbols, if anything is left
}

// Keys returns the spellings of a name, or of a query that may be one.
func Keys(name string) NameKeys {
	spelled := norm.NFKC.String(cases.Fold().String(Normal(name)))
	joined := strings.ReplaceAll(spelled, " ", "")
	letters := norm.NFKC.String(strings.Map(letter, norm.NFKD.String(plain.Replace(joined))))
	if letters == "" {
		letters = joined
	}
	return NameKeys{spelled, joined, letters}
}

// letter drops what is neither a letter, a digit nor part of one, and the accents
// of Latin, Greek and Cyrillic letters (Combining Diacritical Marks). Marks of
// other scripts are vowels or change the letter.
func letter(r rune) rune {
	if '\u0300' <= r && r <= '\u036f' || !unicode.In(r, unicode.L, unicode.N, unicode.M) {
		return -1
	}
	return r
}

// plain replaces Latin letters that Unicode does not decompose, as OpenSearch's
// asciifolding does.
var plain = strings.NewReplacer("æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ı", "i", "ŋ", "n", "ħ", "h")

// Scores of a name that equals all words of a query, for Finder. Each is more than
// the scores of all other matches together, and a more exact match adds its score
// to those of the less exact ones.
const (
	ScoreLetters = 1e4
	ScoreJoined  = 1e5
	ScoreSpelled = 1e6
)
