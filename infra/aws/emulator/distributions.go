package emulator

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
)

// distributions are CloudFront's. Moto forgets what it does not know of their configuration,
// such as functions, and writes their ARN without its empty region. So the configuration that
// was given is written into its answers. Tags are kept here, since moto finds them by its ARN.
type distributions struct {
	configs map[string]string // by id
	tags    map[string]string // XML, by ARN
}

func newDistributions() distributions {
	return distributions{configs: map[string]string{}, tags: map[string]string{}}
}

func (d distributions) answer(c *call) *reply {
	arn := c.query.Get("Resource")
	if c.path != "/2020-05-31/tagging" || !strings.Contains(arn, ":distribution/") {
		return nil
	}
	if c.method == http.MethodPost { // its removals come before additions of all tags
		d.tags[arn] = content(c.body, "Tags")
		return &reply{status: http.StatusNoContent}
	}
	return document(http.StatusOK, element("Tags", d.tags[arn]))
}

var (
	distributionPath = regexp.MustCompile(`^/2020-05-31/distribution(?:/([^/]+))?(?:/config)?$`)
	oneColon         = regexp.MustCompile(`arn:aws:cloudfront:(\d{12}):`)
	configElement    = regexp.MustCompile(`(?s)<DistributionConfig(?:\s[^>]*)?>.*</DistributionConfig>`)
)

func (d distributions) mend(c *call, body []byte) []byte {
	m := distributionPath.FindStringSubmatch(c.path)
	if m == nil {
		return body
	}
	body = oneColon.ReplaceAll(body, []byte("arn:aws:cloudfront::$1:"))
	id := m[1]
	if id == "" {
		id = content(body, "Id")
	}
	if c.method == http.MethodPost || c.method == http.MethodPut {
		d.configs[id] = content(c.body, "DistributionConfig")
		if content(c.body, "OriginGroups") == "" { // CloudFront always has it in its answers
			d.configs[id] += element("OriginGroups", value("Quantity", "0"))
		}
	}
	if c.method == http.MethodPost {
		if tags := content(c.body, "Tags"); tags != "" {
			d.tags[content(body, "ARN")] = tags
		}
	}
	if d.configs[id] == "" {
		return body
	}
	return configElement.ReplaceAllFunc(body, func(old []byte) []byte {
		opening, _, _ := bytes.Cut(old, []byte(">")) // with its namespace
		return []byte(string(opening) + ">" + d.configs[id] + "</DistributionConfig>")
	})
}
