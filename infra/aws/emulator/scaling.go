package emulator

import (
	"encoding/json"
	"net/http"
	"strings"
)

// scaling are the tags of Application Auto Scaling's targets, by ARN. Moto has the targets and
// fails with their tags, which the provider repeats for minutes.
type scaling map[string]map[string]string

func newScaling() scaling { return scaling{} }

// asJSON is a reply with a document.
func asJSON(status int, document any) *reply {
	body, err := json.Marshal(document)
	if err != nil {
		panic(err) // a type of ours that cannot be written
	}
	return &reply{status: status, kind: "application/x-amz-json-1.1", body: body}
}

func (s scaling) answer(c *call) *reply {
	operation, ok := strings.CutPrefix(c.target, "AnyScaleFrontendService.")
	if !ok || !strings.HasSuffix(operation, "Resource") {
		return nil
	}
	var given struct {
		ARN  string            `json:"ResourceARN"`
		Tags map[string]string `json:"Tags"`
		Keys []string          `json:"TagKeys"`
	}
	if err := json.Unmarshal(c.body, &given); err != nil {
		return asJSON(http.StatusBadRequest, map[string]any{"__type": "ValidationException", "message": err.Error()})
	}
	s.add(given.ARN, given.Tags)
	for _, key := range given.Keys {
		delete(s[given.ARN], key)
	}
	if operation == "ListTagsForResource" {
		return asJSON(http.StatusOK, map[string]any{"Tags": s[given.ARN]})
	}
	return asJSON(http.StatusOK, map[string]any{})
}

func (s scaling) add(arn string, tags map[string]string) {
	if s[arn] == nil {
		s[arn] = map[string]string{}
	}
	for key, value := range tags {
		s[arn][key] = value
	}
}

// mend keeps the tags with which a target was registered.
func (s scaling) mend(c *call, body []byte) []byte {
	if c.target != "AnyScaleFrontendService.RegisterScalableTarget" {
		return body
	}
	var given struct {
		Tags map[string]string `json:"Tags"`
	}
	var made struct {
		ARN string `json:"ScalableTargetARN"`
	}
	if json.Unmarshal(c.body, &given) == nil && json.Unmarshal(body, &made) == nil {
		s.add(made.ARN, given.Tags)
	}
	return body
}
