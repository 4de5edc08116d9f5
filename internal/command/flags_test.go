package command

import (
	"errors"
	"flag"
	"slices"
	"strings"
	"testing"
)

func TestACommandEndsWithTheCodeOfItsError(t *testing.T) {
	for why, tc := range map[string]struct {
		err  error
		code int
		text string
	}{
		"none":             {nil, ExitOK, ""},
		"help":             {flag.ErrHelp, ExitOK, ""},
		"already reported": {ErrReported, ExitFailed, ""},
		"usage":            {Usagef("got %d", 2), ExitUsage, "x lint: got 2 (see x lint -help)\n"},
		"another":          {errors.New("is down"), ExitFailed, "x lint: is down\n"},
	} {
		var stderr strings.Builder
		if code := ExitCode("x lint", tc.err, &stderr); code != tc.code || stderr.String() != tc.text {
			t.Errorf("%s: exit code %d, %q", why, code, stderr.String())
		}
	}
}

func TestFlagsMayFollowOtherArguments(t *testing.T) {
	f := Flags("x lint", "DIR", "Checks a directory.")
	fix := f.Bool("fix", false, "repair it")
	depth := f.Int("depth", 3, "`levels` to read")
	rest, err := ParseFlags(f, []string{"a", "-fix", "b", "--depth", "5", "c"}, nil)
	if err != nil || !*fix || *depth != 5 || !slices.Equal(rest, []string{"a", "b", "c"}) {
		t.Errorf("got %v, %v, %v, %q", err, *fix, *depth, rest)
	}
	if _, err := ParseFlags(f, []string{"-fxi"}, nil); err == nil || ExitCode("x", err, &strings.Builder{}) != ExitUsage {
		t.Errorf("an unknown flag: %v", err)
	}
	var help strings.Builder
	if _, err := ParseFlags(f, []string{"-help"}, &help); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{"Checks a directory.\n\nUsage: x lint [flags] DIR\n", "-depth levels\n      levels to read (default 3)\n"} {
		if !strings.Contains(help.String(), want) {
			t.Errorf("%q is not in\n%s", want, help.String())
		}
	}
}
