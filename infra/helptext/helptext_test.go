package helptext

import (
	"slices"
	"testing"
)

func TestReadsTheFlagsOfAHelp(t *testing.T) {
	help, err := Of("../..", "gatewayd")
	if err != nil {
		t.Fatal(err)
	}
	flags := Flags(help)
	for _, want := range []Flag{
		{"http-addr", "address the API listens on", "GATEWAY_HTTP_ADDR", ""},
		{"refresh-key-file", "file of the key that derives refresh tokens; empty: generated", "GATEWAY_REFRESH_KEY_FILE", "GATEWAY_REFRESH_KEY"},
	} {
		if !slices.Contains(flags, want) {
			t.Errorf("%v is not in %v", want, flags)
		}
	}
	if _, err := Of("../..", "jari"); err == nil {
		t.Error("a program without a kept help has one")
	}
}
