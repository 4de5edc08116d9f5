package text_test

import (
	"net/mail"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"jari.example/services/internal/text"
)

func TestRefusesNamesThatShowNothingOrSomethingElse(t *testing.T) {
	for what, c := range map[string]struct{ name, words string }{
		"Hangul filler":           {"\u3164", "invisible"},
		"zero-width space":        {"\u200b", "invisible"},
		"zero-width space inside": {"Kim\u200bMinji", "invisible"},
		"old Hangul filler":       {"\u115f", "invisible"},
		"half-width filler":       {"\uffa0", "invisible"},
		"byte order mark":         {"\ufeffKim", "invisible"},
		"soft hyphen":             {"Kim\u00ad", "invisible"},
		"tag characters":          {"Kim\U000E0041", "invisible"},
		"joiner between Latin":    {"Ki\u200dm", "invisible"},
		"joiner between Hangul":   {"김\u200c민지", "invisible"},
		"two joiners":             {"می\u200c\u200cخواهم", "invisible"},
		"selector after Latin":    {"Kim\ufe0f", "invisible"},
		"two selectors":           {"\u2764\ufe0f\ufe0f", "invisible"},
		"noncharacter":            {"Kim\ufffe", "invisible"},
		"empty Braille pattern":   {"\u2800\u2800", "blank"},
		"a mark alone":            {"\u0301", "blank"},
		"right-to-left override":  {"Jeju \u202eesuoH kroP", "direction"},
		"left-to-right embedding": {"\u202aKim\u202c", "direction"},
		"first strong isolate":    {"\u2068Kim\u2069", "direction"},
		"right-to-left mark":      {"Kim\u200f!", "direction"},
		"escape":                  {"Kim\x1b[31m", "control characters or line breaks"},
		"NUL":                     {"k\x00m", "control characters or line breaks"},
		"C1 control":              {"Kim\u009bx", "control characters or line breaks"},
		"newline":                 {"Kim\nBcc: all", "control characters or line breaks"},
		"tab":                     {"Kim\tMinji", "control characters or line breaks"},
		"line separator":          {"Kim\u2028Minji", "control characters or line breaks"},
		"invalid UTF-8":           {"Kim\xff", "UTF-8"},
		"nothing":                 {"", "empty"},
		"white space":             {" \u00a0\u3000\n", "empty"},
		"101 characters":          {strings.Repeat("김", 101), "1 to 100 characters; this has 101"},
	} {
		t.Run(what, func(t *testing.T) {
			got, err := text.Name(c.name)
			if err == nil || !strings.Contains(err.Error(), c.words) || !strings.HasPrefix(err.Error(), "A name ") {
				t.Errorf("%+q: got %q, %v, want words with %q", c.name, got, err, c.words)
			}
		})
	}
}

func TestAcceptsNamesOfEveryScriptAndNormalisesThem(t *testing.T) {
	for given, want := range map[string]string{
		" 김민지\u3000":                   "김민지",
		norm.NFD.String("김민지 Gómez"):   "김민지 Gómez",
		"O’Brien-Smith, Jr.":           "O’Brien-Smith, Jr.",
		"می\u200cخواهم":                "می\u200cخواهم",            // Persian
		"ශ්\u200dරී":                   "ශ්\u200dරී",               // Sinhala
		"র\u200d্যাব":                  "র\u200d্যাব",              // Bengali
		"葛\U000E0100城":                 "葛\U000E0100城",             // a variant of a Han name
		"Cafe \u2764\ufe0f\u200d🔥":     "Cafe \u2764\ufe0f\u200d🔥", // emoji with a selector and a joiner
		"👩🏽\u200d🍳":                    "👩🏽\u200d🍳",                // emoji with a skin tone and a joiner
		"Bar 1\ufe0f\u20e3":            "Bar 1\ufe0f\u20e3",        // keycap
		"⠅⠊⠍":                          "⠅⠊⠍",                      // Braille
		"\u0602 12":                    "\u0602 12",                // a format character that shows
		strings.Repeat("e\u0301", 100): strings.Repeat("é", 100),   // 100 characters, not 200
		"スシ 마루 שלום Ёлка ναι ซูชิ": "スシ 마루 שלום Ёлка ναι ซูชิ",
	} {
		if got, err := text.Name(given); err != nil || got != want {
			t.Errorf("%+q: got %+q, %v", given, got, err)
		}
	}
}

func TestNotesMayHaveLineBreaksButNoOtherControls(t *testing.T) {
	for given, want := range map[string]string{
		"":                              "",
		" nut allergy\r\nwindow\rseat ": "nut allergy\nwindow\nseat",
		"one\u2028two\u2029three":       "one\ntwo\nthree",
		"שלום\u200f!":                   "שלום\u200f!",
	} {
		if got, err := text.Note(40)(given); err != nil || got != want {
			t.Errorf("%q: got %q, %v", given, got, err)
		}
	}
	for _, bad := range []string{"a\x1b[2J", "a\tb", "a\x00", "\u202eabc", "a\u2066b", "\u3164", "\u200b\n\u200b", strings.Repeat("a", 41)} {
		if got, err := text.Note(40)(bad); err == nil {
			t.Errorf("%+q became %q", bad, got)
		}
	}
}

// A text that was accepted is accepted again, unchanged, and shows what it holds.
func TestAcceptedTextsAreStableAndClean(t *testing.T) {
	characters := rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune(
		" \n\ta김é\u0301\u1100\u1161\u200d\u200c\ufe0f\u202e\u2066\u3164\u2800❤ی्\U000E0100葛")))
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(characters).Draw(t, "text")
		for _, clean := range []text.Rule{text.Name, text.Note(500)} {
			got, err := clean(s)
			if err != nil {
				continue
			}
			if again, err := clean(got); err != nil || again != got {
				t.Fatalf("%+q became %+q, then %+q, %v", s, got, again, err)
			}
			if !norm.NFC.IsNormalString(got) || strings.TrimSpace(got) != got || !utf8.ValidString(got) {
				t.Fatalf("%+q became %+q, which is not normalised", s, got)
			}
			for _, r := range got {
				if r != '\n' && unicode.IsControl(r) || 0x202A <= r && r <= 0x202E || 0x2066 <= r && r <= 0x2069 {
					t.Fatalf("%+q became %+q, which holds %U", s, got, r)
				}
			}
			if got != "" && !strings.ContainsFunc(got, unicode.IsGraphic) {
				t.Fatalf("%+q became %+q, which shows nothing", s, got)
			}
		}
	})
}

func TestRefusesAddressesThatMailCannotReach(t *testing.T) {
	for what, c := range map[string]struct{ address, words string }{
		"empty":                    {"", "empty"},
		"no mailbox":               {"example.com", "form name@example.com"},
		"two @":                    {"a@b@example.com", "form name@example.com"},
		"nothing before the @":     {"@example.com", "form name@example.com"},
		"a display name":           {"Kim <kim@example.com>", "before the @"},
		"a domain without a dot":   {"a@b", "domain such as"},
		"a label with a hyphen":    {"a@-example.com", "domain such as"},
		"a label ending so":        {"a@example-.com", "domain such as"},
		"an empty label":           {"a@example..com", "domain such as"},
		"a final dot":              {"a@example.com.", "domain such as"},
		"an ideographic final dot": {"kim@example.com。", "xn--"},
		"an underscore":            {"a@ex_ample.com", "domain such as"},
		"a label of 64":            {"a@" + strings.Repeat("e", 64) + ".com", "domain such as"},
		"an IP address":            {"a@127.0.0.1", "domain such as"},
		"an IP literal":            {"a@[127.0.0.1]", "domain such as"},
		"a Korean domain":          {"kim@한국.kr", "xn--"},
		"a Korean mailbox":         {"김민지@example.com", "a to z before the @"},
		"a zero-width space":       {"kim\u200b@example.com", "invisible"},
		"a NUL":                    {"k\x00m@example.com", "control"},
		"a newline":                {"kim@example.com\nbcc: a@example.com", "control"},
		"an override":              {"\u202ekim@example.com", "direction"},
		"a local part of 70":       {strings.Repeat("k", 70) + "@example.com", "at most 64"},
		"255 characters":           {"k@" + strings.Repeat("e.", 125) + "com", "1 to 254"},
		"a dot before the @":       {"kim.@example.com", "before the @"},
		"a first dot":              {".kim@example.com", "before the @"},
		"two dots":                 {"k..m@example.com", "before the @"},
		"a quoted mailbox":         {`"k m"@example.com`, "before the @"},
		"a comma":                  {"kim@example.com,lee@example.com", "form name@example.com"},
	} {
		t.Run(what, func(t *testing.T) {
			if got, err := text.Email(c.address); err == nil || !strings.Contains(err.Error(), c.words) {
				t.Errorf("got %q, %v, want words with %q", got, err, c.words)
			}
		})
	}
}

func TestAcceptedAddressesAreASCIIAndParse(t *testing.T) {
	for given, want := range map[string]string{
		" Kim@Example.COM ":                      "kim@example.com",
		"k.m+tag_1@mail.example-1.co.kr":         "k.m+tag_1@mail.example-1.co.kr",
		"\u212aim@example.com":                   "kim@example.com", // NFC makes the Kelvin sign a K
		"kim@xn--3e0b707e.kr":                    "kim@xn--3e0b707e.kr",
		"!#$%&'*+/=?^_`{|}~-@example.com":        "!#$%&'*+/=?^_`{|}~-@example.com",
		strings.Repeat("k", 64) + "@example.com": strings.Repeat("k", 64) + "@example.com",
	} {
		if got, err := text.Email(given); err != nil || got != want {
			t.Errorf("%q: got %q, %v", given, got, err)
		}
	}
	part := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune(
		"abkzAKZ019.-_+'`é한。．\u200b\u212a \"\\(),:;<>[]\x00\x1b"))))
	accepted := 0
	check := func(t interface {
		Fatalf(string, ...any)
	}, s string) {
		got, err := text.Email(s)
		if err != nil {
			return
		}
		accepted++
		parsed, err := mail.ParseAddress(got)
		if err != nil || parsed.Address != got || parsed.Name != "" {
			t.Fatalf("%q became %q, which net/mail reads as %v, %v", s, got, parsed, err)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r <= ' ' || r > '~' }) || len(got) > 254 {
			t.Fatalf("%q became %q", s, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		check(t, part.Draw(t, "local")+"@"+part.Draw(t, "label")+"."+rapid.StringMatching(`[a-zA-Z0-9-]{1,5}`).Draw(t, "last"))
		check(t, rapid.StringMatching(`[a-zA-Z0-9._'+-]{1,6}@[a-zA-Z0-9-]{1,4}\.[a-z0-9]{1,4}`).Draw(t, "address"))
	})
	if accepted == 0 {
		t.Error("no address was accepted, so the check proves nothing")
	}
}

func TestPhoneNumbersAreDigits(t *testing.T) {
	for given, want := range map[string]string{
		"+82 (10) 1234-5678": "+821012345678",
		"010.1234.5678":      "01012345678",
	} {
		if got, err := text.Phone(given); err != nil || got != want {
			t.Errorf("%q: got %q, %v", given, got, err)
		}
	}
	for _, bad := range []string{
		"", "call me", "12 34-56", "+1234567890123456", "010+12345678", "٠١٠١٢٣٤٥٦٧٨", "0101234567\u200b8", "\u202a01012345678\u202c",
		"010-1234-5678;ext=1", "javascript:alert(1)", "0101234567\n8", "0101234567\x008", "++821012345678",
	} {
		if got, err := text.Phone(bad); err == nil {
			t.Errorf("%q became %q", bad, got)
		}
	}
}
