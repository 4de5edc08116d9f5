package zone

import (
	"strings"
	"testing"
)

func TestLoadsEveryCanonicalZone(t *testing.T) {
	count := 0
	for _, name := range canonical {
		loaded, err := Load(name)
		if err != nil || loaded.String() != name {
			t.Errorf("%s: %v, %v", name, loaded, err)
		}
		count++
	}
	if count < 500 {
		t.Fatalf("only %d names: the list is incomplete", count)
	}
	for _, name := range []string{"Asia/Seoul", "America/New_York", "Europe/Oslo", "UTC"} {
		if canonical[name] != name {
			t.Errorf("%s is not canonical, but %q", name, canonical[name])
		}
	}
}

func TestRefusesWhatIsNotACanonicalZone(t *testing.T) {
	const unknown = "such as Asia/Seoul"
	for name, words := range map[string]string{
		"right/Asia/Seoul": "use Asia/Seoul", // browsers do not know these two
		"posix/Asia/Seoul": "use Asia/Seoul",
		"US/Eastern":       "use America/New_York",
		"Asia/Calcutta":    "use Asia/Kolkata",
		"right/US/Eastern": "use America/New_York",
		"Zulu":             "use UTC",
		"localtime":        unknown,
		"Factory":          unknown,
		"Etc/GMT+9":        unknown, // no place keeps it
		"posixrules":       unknown,
		"asia/seoul":       unknown,
		"Asia/Atlantis":    unknown,
		"Local":            unknown,
		"":                 unknown,
		"#":                unknown,
		"../etc/passwd":    unknown,
		"right/":           unknown,
	} {
		if loaded, err := Load(name); loaded != nil || err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v, %v; want an error with %q", name, loaded, err, words)
		}
	}
}

func TestRepairsStoredNames(t *testing.T) {
	for name, want := range map[string]string{
		"Asia/Seoul": "Asia/Seoul", "right/Asia/Seoul": "Asia/Seoul", "posix/Europe/Oslo": "Europe/Oslo",
		"US/Eastern": "America/New_York", "localtime": "UTC", "Factory": "UTC", "": "UTC", "\x00": "UTC",
	} {
		if got := Repaired(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}
