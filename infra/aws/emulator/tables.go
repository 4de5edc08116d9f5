package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// tables are the copies of DynamoDB's tables in other regions. Moto does not make them, and the
// provider waits for them. Here a copy is a table of its own with the same keys: it gets no items.
type tables struct {
	moto    string
	copies  map[string][]replicaOf // region/table to its copies
	creates map[string][]byte      // region/table to the call that created it
}

func newTables(moto *url.URL) tables {
	return tables{moto: moto.String(), copies: map[string][]replicaOf{}, creates: map[string][]byte{}}
}

const dynamo = "DynamoDB_20120810."

// replicaOf is a copy: its region, and its key if that is not the default.
type replicaOf struct {
	RegionName     string
	KMSMasterKeyId string `json:",omitempty"`
}

// create is the call that creates the copy of a table that was created so.
func (r replicaOf) create(original []byte) ([]byte, error) {
	var given map[string]any
	if err := json.Unmarshal(original, &given); err != nil || r.KMSMasterKeyId == "" {
		return original, err
	}
	given["SSESpecification"] = map[string]any{"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": r.KMSMasterKeyId}
	return json.Marshal(given)
}

func (t tables) answer(c *call) *reply {
	if c.target != dynamo+"CreateTable" && c.target != dynamo+"UpdateTable" {
		return nil
	}
	var given struct {
		TableName      string
		ReplicaUpdates []struct{ Create, Delete *replicaOf }
	}
	if err := json.Unmarshal(c.body, &given); err != nil {
		return nil // moto says what is wrong
	}
	table := c.region + "/" + given.TableName
	if c.target == dynamo+"CreateTable" {
		t.creates[table] = c.body
		return nil
	}
	for _, u := range given.ReplicaUpdates {
		var err error
		in := func(region string) func(replicaOf) bool {
			return func(r replicaOf) bool { return r.RegionName == region }
		}
		switch {
		case u.Create != nil && !slices.ContainsFunc(t.copies[table], in(u.Create.RegionName)):
			t.copies[table] = append(t.copies[table], *u.Create)
			var body []byte
			if body, err = u.Create.create(t.creates[table]); err == nil {
				err = t.call(u.Create.RegionName, "CreateTable", body)
			}
		case u.Delete != nil:
			t.copies[table] = slices.DeleteFunc(t.copies[table], in(u.Delete.RegionName))
			err = t.call(u.Delete.RegionName, "DeleteTable", fmt.Appendf(nil, `{"TableName":%q}`, given.TableName))
		}
		if err != nil {
			return asJSON(http.StatusBadRequest, map[string]any{"__type": "ValidationException", "message": err.Error()})
		}
	}
	return nil
}

// call calls moto in another region.
func (t tables) call(region, operation string, body []byte) error {
	r, err := http.NewRequest(http.MethodPost, t.moto, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", dynamo+operation)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/"+region+"/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
	response, err := (&http.Client{Transport: &http.Transport{}}).Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s in %s: %s", operation, region, response.Status)
	}
	return nil
}

func (t tables) mend(c *call, body []byte) []byte {
	if c.target != dynamo+"DescribeTable" && c.target != dynamo+"UpdateTable" {
		return body
	}
	var answer map[string]map[string]any
	if json.Unmarshal(body, &answer) != nil {
		return body
	}
	for _, table := range answer {
		copies := t.copies[c.region+"/"+fmt.Sprint(table["TableName"])]
		if len(copies) == 0 {
			continue
		}
		var replicas []map[string]any
		for _, r := range copies {
			replica := map[string]any{"RegionName": r.RegionName, "ReplicaStatus": "ACTIVE"}
			if r.KMSMasterKeyId != "" {
				replica["KMSMasterKeyId"] = r.KMSMasterKeyId
			}
			replicas = append(replicas, replica)
		}
		table["Replicas"], table["GlobalTableVersion"] = replicas, "2019.11.21"
		if changed, err := json.Marshal(answer); err == nil {
			body = changed
		}
	}
	return body
}
