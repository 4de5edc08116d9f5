package names

import (
	"slices"
	"testing"
)

func TestWhatAPersonTypedOrIsIsNotShown(t *testing.T) {
	for _, name := range []string{
		Body, Exception, Stacktrace, URLPath, URLFull, ServerAddress, UserID, SessionID, SearchQuery,
		ReservationID, SlotID, OutboxEventID, Party, Attributes, Unindexed, DocStatusText, "", "a new field",
	} {
		if Shown(name) {
			t.Errorf("%q may be shown", name)
		}
	}
}

func TestEveryShownFieldIsAField(t *testing.T) {
	for _, name := range shown {
		if !slices.ContainsFunc(Fields, func(f Field) bool { return f.Name == name }) {
			t.Errorf("%s is not in Fields", name)
		}
	}
}
