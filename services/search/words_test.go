package search_test

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"jari.example/services/search"
)

func TestNormalFormHasOneSpellingPerText(t *testing.T) {
	for in, want := range map[string]string{
		"이화 파스타":                      "이화 파스타",
		norm.NFD.String("이화 파스타"):     "이화 파스타",
		"  이화\u3000 \n파스타 ":           "이화 파스타",
		"ＳＵＳＨＩ　ｍａｒｕ":                  "SUSHI maru",
		"ﾗｰﾒﾝ":                        "ラーメン",
		"ragu\u0300":                  "ragù",
		"이\u200b화\ufeff":              "이화",
		"\u3164 \u2800":               "\u2800",
		"❤\ufe0f":                     "❤",
		"e\u200b\u0301":               "é",
		"\u200b":                      "",
		"a\xff":                       "a\xff",
		strings.Repeat("a\u00ad", 50): strings.Repeat("a", 50),
	} {
		got := search.Normal(in)
		if got != want {
			t.Errorf("Normal(%+q) is %+q, want %+q", in, got, want)
		}
		if again := search.Normal(got); again != got {
			t.Errorf("Normal(Normal(%+q)) is %+q, not %+q", in, again, got)
		}
	}
}

func TestKeysCompareNamesAsDinersTypeThem(t *testing.T) {
	const spelled, joined, letters, different = 3, 2, 1, 0
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"이화 파스타", "이화 파스타", spelled},
		{"Sushi MARU", "ｓｕｓｈｉ maru", spelled},
		{"STRASSE", "Straße", spelled},
		{"ΣΟΦΟΣ", "σοφος", spelled},
		{"이화 파스타", "이화파스타", joined},
		{"가 나", "가나", joined},
		{"ragù", "RAGU", letters},
		{"Smørrebrød", "smorrebrod", letters},
		{"O'Brien's", "obriens", letters},
		{"K-BBQ 집", "kbbq집", letters},
		{"B&B", "BB", letters},
		{"Ёлка", "Елка", letters},
		{"이화", "화로", different},
		{"はん", "ぱん", different}, // another letter
		{"!!!", "★", different},
		{"C", "D", different},
	} {
		x, y := search.Keys(c.a), search.Keys(c.b)
		got := different
		switch {
		case x.Spelled == y.Spelled:
			got = spelled
		case x.Joined == y.Joined:
			got = joined
		case x.Letters == y.Letters:
			got = letters
		}
		if got != c.want {
			t.Errorf("%q and %q are equal to degree %d, want %d: %+q, %+q", c.a, c.b, got, c.want, x, y)
		}
	}
}

func TestADecomposedNameIsNotTooLongForAQuery(t *testing.T) {
	q := search.Query{Words: norm.NFD.String(strings.Repeat("쌀", 100)), Limit: 1}
	if err := q.Validate(); err != nil {
		t.Error(err)
	}
	if q.Words = strings.Repeat("쌀", 201); q.Validate() == nil {
		t.Error("201 characters are accepted")
	}
}
