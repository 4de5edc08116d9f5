package searchtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"

	"jari.example/services/search"
)

// difficult are names of which a search loses a part easily.
var difficult = []string{
	"바로", "그리고", "바로 그리고", "은", "이가", "에서", "의", "이", "그", "더", "한", "수", "및", "까지", // particles, adverbs, determiners
	"화로", "화로 짬뽕", "이화", "이화 파스타", "화 짬뽕", "이 화로", "화로의 집", // nori reads 화로 as 화 and a particle
	"봄", "윤", "다", "해와 달", "달이 뜨는 집", "나의 그 집", "가온", "마로니에", "새로이", "서로서로", // syllables and clauses
	"가", "가 나", "가나", "가 나 다", "가나다", "나 가", // the same syllables, apart and joined
	"The", "It", "And", "To Be", "The The", "Of", "Is It", "A", "B", "A B", "AB", "No. 9", "9", "24", "B&B", "BB", "3.1.4", // stop words, signs
	"ragu", "Ragù", "Café Ørsted", "Cafe Orsted", "O'Brien's", "Obriens", "Straße", "Smørrebrød", "Æble", "Łódź", // accents
	"스시 maru", "Sushi 마루", "K바베큐", "K-BBQ 집", "7eleven", "Fine-Dining", "fine dining", "파인-다이닝", "파스타&피자", // two scripts
	"東京食堂", "らーめん", "ラーメン", "ﾗｰﾒﾝ 二", "Ёлка", "Ταβέρνα ΣΟΦΟΣ", "!!!", "★", "☆", "...", "🍜", "👨‍🍳", "❤️", "㈜ 밥상", "½", // other scripts
	"집집집", "집집", "집 집 집", "noodles", "Noodle", "Running", "Runs", // repetition, stems
}

// named returns a restaurant for each name: the difficult ones, and n made of words
// and syllables by chance, always the same ones. Their other texts have parts of the
// names. Every second name is the English one.
func named(n int) (all []search.Restaurant) {
	add := func(name string) {
		r := Restaurant(fmt.Sprintf("named-%03d", len(all)), 1)
		r.Name, r.Description = search.Text{Ko: name, En: "The House of It"}, search.Text{Ko: "바로 그 화로의 이화 파스타", En: "The noodles of it"}
		if len(all)%2 == 1 {
			r.Name = search.Text{Ko: "바로 이 집", En: name}
		}
		r.Area, r.Location = search.Text{Ko: "이화동", En: "Ihwa-dong"}, nil
		all = append(all, r)
	}
	for _, name := range difficult {
		add(name)
	}
	chance := rand.New(rand.NewPCG(11, 12))
	words := append(slices.Clone(difficult), "국밥", "식당", "갈비", "House", "Table", "Bistro", "서울", "로", "를", "만")
	syllable := func() string { return string(rune('가' + chance.IntN('힣'-'가'+1))) }
	for range n {
		var parts []string
		for range 1 + chance.IntN(3) {
			word := words[chance.IntN(len(words))]
			if chance.IntN(2) == 0 {
				word = syllable() + syllable()
			}
			parts = append(parts, word)
		}
		add(strings.Join(parts, []string{" ", " ", "-", ""}[chance.IntN(4)]))
	}
	return all
}

// spellings are the ways in which a diner may type a name.
var spellings = map[string]func(string) string{
	"as it is written":      func(s string) string { return s },
	"in capitals":           strings.ToUpper,
	"in small letters":      strings.ToLower,
	"decomposed (NFD)":      norm.NFD.String,
	"in full-width letters": width.Widen.String,
	"without spaces":        func(s string) string { return strings.ReplaceAll(s, " ", "") },
	"with more spaces":      func(s string) string { return "  " + strings.ReplaceAll(s, " ", " \u200b ") + " " },
}

// Names checks a finder: a name finds its restaurant first, however it is typed;
// fill returns a finder over these restaurants.
func Names(t *testing.T, fill func(*testing.T, []search.Restaurant) search.Finder) {
	all := named(30)
	f := fill(t, all)
	for how, typed := range spellings {
		t.Run("a name "+how+" finds its restaurant first", func(t *testing.T) {
			for i, r := range all {
				name := []string{r.Name.Ko, r.Name.En}[i%2]
				hits, err := f.Find(t.Context(), search.Query{Words: typed(name), Limit: 1})
				if err != nil {
					t.Fatalf("%q: %v", typed(name), err)
				}
				if len(hits) == 0 {
					t.Errorf("%q (%+q) finds nothing", name, typed(name))
				} else if first := hits[0].Restaurant.Name; !sameName(typed, name, first.Ko) && !sameName(typed, name, first.En) {
					t.Errorf("%q (%+q) finds %q first", name, typed(name), first)
				}
			}
		})
	}
}

// sameName reports whether other is the name that was typed, or one that is typed in
// the same way.
func sameName(typed func(string) string, name, other string) bool {
	plain := func(s string) string { return norm.NFKC.String(typed(s)) }
	return plain(name) == plain(other)
}
