package mailbox_test

import (
	"testing"

	"jari.example/infra/local/mailbox"
	"jari.example/internal/page/pagetest"
)

func TestTheMailboxFitsAPhone(t *testing.T) {
	at := start(t, mailbox.Folder(folder(t, 60)))
	tab := pagetest.Phone(t)
	for _, path := range []string{"/", "/?page=2", "/messages/m1"} {
		tab.Open(at + path)
		if width, _ := tab.Size(); width > 390 {
			t.Errorf("%s is %d pixels wide", path, width)
		}
	}
	var framed int
	if tab.Eval(`document.querySelector('iframe').clientHeight`, &framed); framed < 100 {
		t.Errorf("the HTML part is %d pixels high", framed)
	}
	if blocked := tab.Blocked(); len(blocked) > 0 {
		t.Errorf("the pages' own policy blocks them: %v", blocked)
	}
}
