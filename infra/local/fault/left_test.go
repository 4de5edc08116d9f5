package fault

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"jari.example/infra/local/launch"
)

func TestWhatAKilledLauncherLeftOnIsUndoneWhenItsPartIsUp(t *testing.T) {
	r := newRecorder(t)
	c := r.controller()
	for _, request := range []Request{{Fault: "full"}, {Fault: "slow"}} {
		if _, err := c.On(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	r.taken() // the launcher is killed: nobody ends them
	left, err := Left(r.file, r.faults)
	if err != nil || len(left) != 1 || left[0].Fault != "full" {
		t.Fatalf("left is %+v, %v; the other one ended with the launcher", left, err)
	}
	all := []launch.Part{{Name: "other"}, {Name: "store", Initialize: func(context.Context, launch.Progress) error {
		r.note("store is up")
		return nil
	}}}
	if err := r.controller().UndoAtStart(all[:1]); err != nil { // of a system that has only the other part
		t.Fatal(err)
	}
	c = r.controller()
	if err := c.UndoAtStart(all); err != nil {
		t.Fatal(err)
	}
	if _, err := c.On(t.Context(), Request{Fault: "slow"}); err != nil {
		t.Fatal(err)
	}
	r.taken()
	if left, err := Left(r.file, r.faults); err != nil || len(left) != 1 {
		t.Errorf("left is %+v, %v: forgotten before it is undone", left, err)
	}
	r.expect(t)
	for range 2 { // the second time is a restart of the part
		if err := all[1].Initialize(t.Context(), func(string, ...any) {}); err != nil {
			t.Fatal(err)
		}
	}
	r.expect(t, "store is up", "undo full", "report false full", "store is up")
	if left, err := Left(r.file, r.faults); err != nil || len(left) != 0 {
		t.Errorf("left is %+v, %v: the next start would undo it again", left, err)
	}
	if left, err := Left(filepath.Join(t.TempDir(), "none"), r.faults); err != nil || left != nil {
		t.Errorf("without a file: %+v, %v", left, err)
	}
}

func TestWhatCannotBeUndoneIsNotReportedAsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t)
		r.faults[1].undoAfter = ""
		r.faults[1].undo = func(context.Context, Target, Injection) error { return errors.New("the file is read-only") }
		if err := writeJSON(r.file, []Injection{{Fault: "full"}}); err != nil {
			t.Fatal(err)
		}
		err := r.controller().UndoAtStart(nil)
		if err == nil || !strings.Contains(err.Error(), "the file is read-only") {
			t.Errorf("got %v", err)
		}
		r.expect(t)
	})
}
