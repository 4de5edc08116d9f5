package artifact_test

import (
	"strings"
	"testing"

	"jari.example/infra/local/artifact"
)

func TestRequirementsMustNameThePackage(t *testing.T) {
	for _, requirements := range []string{"", "other==1.0 \\\n    --hash=sha256:00\n", "    # via moto==1.0\n"} {
		_, err := artifact.Cache(t.TempDir()).Python(t.Context(), "moto", []byte(requirements), t.Logf)
		if err == nil || !strings.Contains(err.Error(), "do not name moto") {
			t.Errorf("%q: %v", requirements, err)
		}
	}
}
