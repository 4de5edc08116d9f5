package spec

import (
	"os"
	"testing"
)

func TestX(t *testing.T) {
	set, err := Load(os.DirFS("testdata/good"))
	t.Logf("%+v %v", set, err)
}
