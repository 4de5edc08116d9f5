package text

import (
	"slices"
	"unicode"
)

// directionMarks are U+061C, U+200E and U+200F. They change the direction of the
// characters beside them only. Writers of Arabic and Hebrew use them in sentences.
var directionMarks = &unicode.RangeTable{
	R16: []unicode.Range16{{Lo: 0x061C, Hi: 0x061C, Stride: 1}, {Lo: 0x200E, Hi: 0x200F, Stride: 1}},
}

// invisible reports whether r is a noncharacter, or shows nothing and has no use
// after previous. Joiners (U+200C, U+200D) have one after a mark, an emoji, or a
// letter of a script that joins letters, such as Arabic and the Indic scripts
// (Unicode Standard Annex #31, section 2.3; Unicode Technical Standard #51).
// Variation selectors have one there, and after a Han character, a digit or a sign.
func invisible(r, previous rune) bool {
	switch {
	case !unicode.In(r, ignorable...) || unicode.In(r, shown):
		return false
	case unicode.Is(unicode.Join_Control, r):
		return !takesJoiner(previous)
	case unicode.Is(unicode.Variation_Selector, r):
		return unicode.In(previous, ignorable...) ||
			!takesJoiner(previous) && !unicode.In(previous, unicode.Han, unicode.N, unicode.P)
	}
	return true
}

// ignorable has every character with the property Default_Ignorable_Code_Point, and
// those of [shown].
var ignorable = []*unicode.RangeTable{
	unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Noncharacter_Code_Point,
}

// shown has the format characters that show something: Arabic signs before numbers
// (U+0600 and others), and the layout of Egyptian hieroglyphs.
var shown = &unicode.RangeTable{
	R16: unicode.Prepended_Concatenation_Mark.R16,
	R32: append(slices.Clone(unicode.Prepended_Concatenation_Mark.R32), unicode.Range32{Lo: 0x13430, Hi: 0x13440, Stride: 1}),
}

func takesJoiner(r rune) bool {
	return unicode.In(r, unicode.M, unicode.S) || unicode.IsLetter(r) && !unicode.In(r, separate...)
}

// separate has the scripts whose letters never join.
var separate = []*unicode.RangeTable{
	unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Hangul, unicode.Han, unicode.Hiragana, unicode.Katakana,
}

// visible reports whether r shows something by itself.
func visible(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && !unicode.In(r, blank) &&
		(!unicode.In(r, ignorable...) || unicode.In(r, shown))
}

// blank has the letters and symbols that show nothing and that Unicode does not call
// ignorable: the empty Braille pattern, a stand-in for an object, an empty note.
var blank = &unicode.RangeTable{
	R16: []unicode.Range16{{Lo: 0x2800, Hi: 0x2800, Stride: 1}, {Lo: 0xFFFC, Hi: 0xFFFC, Stride: 1}},
	R32: []unicode.Range32{{Lo: 0x1D159, Hi: 0x1D159, Stride: 1}},
}
