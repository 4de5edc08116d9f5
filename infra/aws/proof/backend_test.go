package proof

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var setting = regexp.MustCompile(`(?m)^(\w+) *= *"([^"]*)"`)

// settings are the texts that a file of variables or of a backend sets.
func settings(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, m := range setting.FindAllStringSubmatch(string(text), -1) {
		all[m[1]] = m[2]
	}
	return all
}

// The roles of delivery may use one bucket, one key and the objects of their environment.
func TestEachStateIsWhereDeliveryMayWrite(t *testing.T) {
	global := settings(t, "../stacks/global/envs/prod.tfvars")
	files, _ := filepath.Glob("../envs/*.s3.tfbackend") // fails for a bad pattern only
	objects := map[string]string{}
	for _, file := range append(files, "../stacks/global/envs/prod.s3.tfbackend") {
		s := settings(t, file)
		if s["bucket"] != global["state_bucket"] || s["kms_key_id"] != global["state_key_arn"] || s["bucket"] == "" {
			t.Errorf("%s names other places than stacks/global/envs/prod.tfvars: %v", file, s)
		}
		if dir := filepath.Dir(s["key"]); dir != global["environment"] {
			t.Errorf("%s: delivery may not write %s", file, s["key"])
		}
		if other := objects[s["key"]]; other != "" {
			t.Errorf("%s and %s are one state", file, other)
		}
		objects[s["key"]] = file
	}
	if len(objects) < 3 {
		t.Errorf("only %d states were found", len(objects))
	}
}
