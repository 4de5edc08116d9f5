package emulator

import (
	"encoding/json"
	"net/http"
	"regexp"

	"github.com/google/uuid"
)

// stores are CloudFront's key-value stores, which moto does not have: their own API, and that of
// their content. The provider sends the latter to a host of the account's name.
type stores struct {
	byName map[string]*store
	byARN  map[string]*store
}

type store struct {
	id, arn, comment string
	values           map[string]string
}

func newStores() stores { return stores{byName: map[string]*store{}, byARN: map[string]*store{}} }

var (
	storePath = regexp.MustCompile(`^/2020-05-31/key-value-store/?([^/]*)$`)
	keysPath  = regexp.MustCompile(`^/key-value-stores/(arn:[^/]+/[^/]+)(/keys)?(?:/(.+))?$`)
)

func (s stores) answer(c *call) *reply {
	if m := storePath.FindStringSubmatch(c.path); m != nil {
		return s.manage(c, m[1])
	}
	m := keysPath.FindStringSubmatch(c.path)
	if m == nil {
		return nil
	}
	of := s.byARN[m[1]]
	if of == nil {
		return asJSON(http.StatusNotFound, map[string]any{"__type": "ResourceNotFoundException", "Message": m[1]})
	}
	return of.keys(c, m[2] != "", m[3])
}

// manage creates, describes and deletes stores.
func (s stores) manage(c *call, name string) *reply {
	status, of := http.StatusOK, s.byName[name]
	switch {
	case c.method == http.MethodPost:
		name, status = content(c.body, "Name"), http.StatusCreated
		id := uuid.NewString()
		of = &store{
			id: id, arn: "arn:aws:cloudfront::" + account + ":key-value-store/" + id, comment: content(c.body, "Comment"), values: map[string]string{},
		}
		s.byName[name], s.byARN[of.arn] = of, of
	case of == nil:
		return failure(http.StatusNotFound, "EntityNotFound")
	case c.method == http.MethodDelete:
		delete(s.byName, name)
		delete(s.byARN, of.arn)
		return &reply{status: http.StatusNoContent}
	}
	root := element("KeyValueStore", value("Name", name), value("Id", of.id), value("Comment", of.comment), value("ARN", of.arn), value("Status", "READY"))
	r := document(status, root)
	r.etag = sum(of.id)
	return r
}

// pair is a key with its value.
type pair struct{ Key, Value string }

// keys reads and changes the content of a store.
func (s *store) keys(c *call, ofKeys bool, key string) *reply {
	switch {
	case c.method == http.MethodPut:
		var given pair
		if err := json.Unmarshal(c.body, &given); err != nil {
			return asJSON(http.StatusBadRequest, map[string]any{"Message": err.Error()})
		}
		s.values[key] = given.Value
	case c.method == http.MethodDelete:
		delete(s.values, key)
	case c.method == http.MethodPost:
		var changes struct {
			Puts    []pair
			Deletes []pair // without values
		}
		if err := json.Unmarshal(c.body, &changes); err != nil {
			return asJSON(http.StatusBadRequest, map[string]any{"Message": err.Error()})
		}
		for _, p := range changes.Puts {
			s.values[p.Key] = p.Value
		}
		for _, p := range changes.Deletes {
			delete(s.values, p.Key)
		}
	case key != "":
		value, ok := s.values[key]
		if !ok {
			return asJSON(http.StatusNotFound, map[string]any{"__type": "ResourceNotFoundException", "Message": key})
		}
		return asJSON(http.StatusOK, map[string]any{"Key": key, "Value": value, "ItemCount": len(s.values), "TotalSizeInBytes": 0})
	case ofKeys:
		items := []pair{}
		for k, v := range s.values {
			items = append(items, pair{k, v})
		}
		return asJSON(http.StatusOK, map[string]any{"Items": items})
	}
	r := asJSON(http.StatusOK, map[string]any{"ItemCount": len(s.values), "TotalSizeInBytes": 0, "KvsARN": s.arn, "Created": 0, "Status": "READY"})
	text, err := json.Marshal(s.values) // in the order of the keys
	if err != nil {
		panic(err) // text that cannot be JSON
	}
	r.etag = sum(string(text))
	return r
}

func (stores) mend(_ *call, body []byte) []byte { return body }
