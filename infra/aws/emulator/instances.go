package emulator

import "regexp"

// instances are EC2's. Moto gives each a public address, also one that was asked to have none,
// so that a second plan replaces it. Here none has one.
type instances struct{}

var association = regexp.MustCompile(`(?s)<association/>|<association>.*?</association>|<ipAddress>[^<]*</ipAddress>`)

func (instances) answer(*call) *reply { return nil }

func (instances) mend(c *call, body []byte) []byte {
	switch c.form.Get("Action") {
	case "RunInstances", "DescribeInstances", "DescribeNetworkInterfaces":
		return association.ReplaceAll(body, nil)
	}
	return body
}
