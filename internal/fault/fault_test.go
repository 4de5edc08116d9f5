package fault_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"jari.example/internal/fault"
)

func TestCodeAndReasonAreFoundThroughWrapping(t *testing.T) {
	full := fault.New(fault.Conflict, "slot_full", "The slot is full.")
	for name, c := range map[string]struct {
		err    error
		code   fault.Code
		reason string
	}{
		"not wrapped":                 {full, fault.Conflict, "slot_full"},
		"wrapped":                     {fmt.Errorf("book: %w", full), fault.Conflict, "slot_full"},
		"without reason":              {&fault.Error{Code: fault.NotFound}, fault.NotFound, "not_found"},
		"a deadline is a timeout":     {fmt.Errorf("call: %w", context.DeadlineExceeded), fault.Timeout, "timeout"},
		"any other error is internal": {errors.New("disk failed"), fault.Internal, "internal"},
		"nil has neither":             {nil, "", ""},
		"a dependency that is down":   {fault.Down("postgres", errors.New("refused")), fault.Unavailable, "unavailable"},
		"a bad field is invalid":      {fault.BadField("/party", "Too many."), fault.Invalid, "invalid_field"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fault.CodeOf(c.err); got != c.code {
				t.Errorf("code = %q, want %q", got, c.code)
			}
			if got := fault.ReasonOf(c.err); got != c.reason {
				t.Errorf("reason = %q, want %q", got, c.reason)
			}
		})
	}
}

func TestCauseIsInTheErrorButNotInTheDetail(t *testing.T) {
	e := fault.Of(errors.New("password=hunter2"))
	if strings.Contains(e.Detail, "hunter2") {
		t.Errorf("the detail contains the cause: %s", e.Detail)
	}
	if !strings.Contains(e.Error(), "hunter2") {
		t.Errorf("the error lost its cause: %s", e)
	}
}

func TestBuildersReturnCopies(t *testing.T) {
	base := fault.New(fault.Conflict, "slot_full", "Full.")
	_ = base.At("/slot_id").After(1).Because(errors.New("x"))
	if base.Pointer != "" || base.RetryAfter != 0 || base.Cause != nil {
		t.Errorf("base changed: %+v", base)
	}
}

func TestCodesListsEveryCode(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "fault.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
			declared++
			if value := strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`); !slices.Contains(fault.Codes, fault.Code(value)) {
				t.Errorf("%s is missing from fault.Codes", spec.Names[0].Name)
			}
		}
		return true
	})
	if declared == 0 {
		t.Error("no Code constant found: the test reads the wrong file")
	}
}

func TestADisconnectedClientIsNoFailureOfOurs(t *testing.T) {
	gone, disconnect := context.WithCancel(t.Context())
	disconnect()
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		code fault.Code
	}{
		"the client disconnects":                 {gone, fmt.Errorf("query: %w", gone.Err()), fault.ClientClosed},
		"a store fails because of it":            {gone, fault.Down("postgresql", gone.Err()), fault.ClientClosed},
		"another failure, then it disconnects":   {gone, errors.New("disk failed"), fault.Internal},
		"we cancel while the client still waits": {t.Context(), context.Canceled, fault.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fault.OfRequest(c.ctx, c.err).Code; got != c.code {
				t.Errorf("code = %q, want %q", got, c.code)
			}
		})
	}
}
