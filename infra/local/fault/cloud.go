package fault

import (
	"encoding/json"
	"errors"
	"os"

	"jari.example/telemetry/names"
)

var errNotMoto = errors.New("JARI_AWS_ENDPOINT_URL is set: only the emulator that the launcher starts (moto) can be made to fail")

// Cloud is the file that the AWS emulator reads before it responds: an object whose
// members are named FAULT/AWS-REGION. An entry that is over has no effect, even if
// nobody removes it.
type Cloud struct{ Path string }

// cloudFault is an entry of the file.
type cloudFault struct {
	Percent int   `json:"percent"` // of the requests
	Until   int64 `json:"until"`   // Unix time in seconds
}

// On adds the entry of an injection.
func (c Cloud) On(in Injection) error {
	return c.change(func(all map[string]cloudFault) {
		all[cloudKey(in)] = cloudFault{in.Percent, in.Until.Unix() + 1}
	})
}

// Off removes the entry of an injection.
func (c Cloud) Off(in Injection) error {
	return c.change(func(all map[string]cloudFault) { delete(all, cloudKey(in)) })
}

func cloudKey(in Injection) string { return in.Fault + "/" + names.Regions[in.Region] }

func (c Cloud) change(change func(map[string]cloudFault)) error {
	all := map[string]cloudFault{}
	text, err := os.ReadFile(c.Path)
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	change(all)
	return writeJSON(c.Path, all)
}
