package user_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jari.example/internal/postgres/postgrestest"
	"jari.example/internal/secret"
	"jari.example/internal/serve/servetest"
	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/services/internal/httpjson/httpjsontest"
	"jari.example/services/user"
	"jari.example/services/user/inmem"
	"jari.example/services/user/postgres"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// onEachStore runs test against the whole service, from HTTP to the store.
func onEachStore(t *testing.T, test func(*testing.T, *client)) {
	for name, open := range map[string]func(*testing.T) user.Store{
		"in memory": func(*testing.T) user.Store { return inmem.New() },
		"postgres": func(t *testing.T) user.Store {
			s, err := postgres.Open(t.Context(), postgrestest.Database(t), nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			return s
		},
	} {
		t.Run(name, func(t *testing.T) { test(t, serve(t, open(t))) })
	}
}

// Sign-up accepted these once.
func TestAnAccountWithAnAddressThatIsNowRefusedStillLogsIn(t *testing.T) {
	onEachStore(t, func(t *testing.T, c *client) {
		_, signedUp, _ := c.do(t, "POST", "/v1/users", kim, "")
		found, err := c.store.ByID(t.Context(), uuid.MustParse(signedUp["id"].(string)))
		if err != nil {
			t.Fatal(err)
		}
		for i, old := range []string{"김민지@example.com", "a@b", "kim@example.com。", strings.Repeat("k", 70) + "@example.com"} {
			found.ID, found.Email = uuid.New(), secret.New(old)
			if err := c.store.Insert(t.Context(), found); err != nil {
				t.Fatal(i, err)
			}
			if status, got, _ := c.do(t, "POST", "/v1/users", strings.Replace(kim, "Kim@Example.com", old, 1), ""); status != 400 ||
				got["pointer"] != "/email" {
				t.Errorf("%s signed up: %d %v", old, status, got)
			}
			body := `{"email":" ` + strings.ToUpper(old) + `","password":"correct horse"}`
			if status, got, _ := c.do(t, "POST", "/internal/credentials/verify", body, ""); status != 200 || got["id"] != found.ID.String() {
				t.Errorf("%s cannot log in: %d %v", old, status, got)
			}
		}
	})
}

type client struct {
	url    string
	suite  httpjsontest.Suite
	record *telemetrytest.Recorder
	store  user.Store
}

func serve(t *testing.T, store user.Store) *client {
	t.Helper()
	rec := telemetrytest.Start(t)
	mw, err := endpoint.Shared(rec.Logger, nil)
	if err != nil {
		t.Fatal(err)
	}
	service, err := user.New(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	rs := httpjson.NewRoutes(rec.Logger)
	user.AddRoutes(rs, user.NewEndpoints(service, mw))
	h, err := rs.Handler()
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return &client{srv.URL, httpjsontest.Suite{Handler: h, Routes: rs.List()}, rec, store}
}

// do sends a request as the gateway does for the account id ("" is not logged in).
func (c *client) do(t *testing.T, method, path, body, id string) (status int, decoded map[string]any, raw []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if id != "" {
		req.Header.Set(names.HeaderUserID, id)
		req.Header.Set(names.HeaderUserRole, endpoint.RoleDiner)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if raw, err = io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &decoded); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return res.StatusCode, decoded, raw
}

const kim = `{"email":"Kim@Example.com","password":"correct horse","name":"김민지","locale":"ko","phone":"010-1234-5678"}`

func TestAccountLifecycle(t *testing.T) {
	onEachStore(t, func(t *testing.T, c *client) {
		status, me, _ := c.do(t, "POST", "/v1/users", kim, "")
		if status != 201 || me["email"] != "kim@example.com" || me["role"] != "diner" || me["name"] != "김민지" ||
			me["phone"] != "01012345678" || len(me) != 6 {
			t.Fatal(status, me)
		}
		id := me["id"].(string)
		if status, got, _ := c.do(t, "POST", "/v1/users", strings.Replace(kim, "Kim", "KIM", 1), ""); status != 409 ||
			got["reason"] != "email_taken" {
			t.Error(status, got)
		}
		if status, got, _ := c.do(t, "GET", "/v1/users/me", "", id); status != 200 || got["id"] != id || got["email"] != "kim@example.com" {
			t.Error(status, got)
		}
		if status, got, _ := c.do(t, "PUT", "/internal/users/"+id+"/grant", `{"role":"owner","own":["mosu"]}`, ""); status != 200 ||
			got["role"] != "owner" {
			t.Error(status, got)
		}
		status, _, raw := c.do(t, "POST", "/internal/credentials/verify", `{"email":" kim@example.com","password":"correct horse"}`, "")
		if status != 200 {
			t.Fatal(status, string(raw))
		}
		golden(t, "verify_200.json", raw, id)
		status, _, raw = c.do(t, "GET", "/internal/users/"+id, "", "")
		if status != 200 {
			t.Fatal(status, string(raw))
		}
		golden(t, "find_200.json", raw, id)
		status, _, raw = c.do(t, "POST", "/internal/users/lookup", `{"ids":["`+id+`","00000000-0000-7000-8000-000000000000"]}`, "")
		if status != 200 {
			t.Fatal(status, string(raw))
		}
		golden(t, "lookup_200.json", raw, id)

		for name, credentials := range map[string]string{
			"a wrong password":    `{"email":"kim@example.com","password":"wrong"}`,
			"an unknown address":  `{"email":"lee@example.com","password":"correct horse"}`,
			"not even an address": `{"email":"\u0000","password":""}`,
		} {
			if status, got, _ := c.do(t, "POST", "/internal/credentials/verify", credentials, ""); status != 401 ||
				got["reason"] != "bad_credentials" {
				t.Error(name, status, got)
			}
		}
		if status, got, _ := c.do(t, "GET", "/v1/users/me", "", "00000000-0000-7000-8000-000000000000"); status != 401 ||
			got["reason"] != "account_gone" {
			t.Error(status, got)
		}
		for _, private := range []string{"kim@", "Kim@", "민지", "1234-5678", "01012345678", "horse", "argon2"} {
			if strings.Contains(c.record.Output(), private) {
				t.Errorf("the log contains %q:\n%s", private, c.record.Output())
			}
			for _, span := range c.record.Spans() {
				for _, a := range span.Attributes() {
					if strings.Contains(a.Value.String(), private) {
						t.Errorf("%q is in the span attribute %s", private, a.Key)
					}
				}
			}
		}
		if len(c.record.Lines(t, names.EventAccess)) < 9 {
			t.Error("access log lines are missing, so the check proves nothing")
		}
	})
}

func TestLookupBoundsTheNumberOfIDs(t *testing.T) {
	onEachStore(t, func(t *testing.T, c *client) {
		ids := func(n int) string {
			return `{"ids":[` + strings.TrimSuffix(strings.Repeat(`"00000000-0000-7000-8000-000000000000",`, n), ",") + `]}`
		}
		for name, request := range map[string]struct {
			body   string
			status int
		}{
			"no ids":        {ids(0), 200},
			"200 ids":       {ids(200), 200},
			"201 ids":       {ids(201), 400},
			"no list":       {`{}`, 400},
			"an invalid id": {`{"ids":["kim"]}`, 400},
		} {
			status, got, _ := c.do(t, "POST", "/internal/users/lookup", request.body, "")
			if items, _ := got["items"].([]any); status != request.status || status == 200 && (items == nil || len(items) > 0) {
				t.Error(name, status, got)
			}
		}
	})
}

func TestRejectsBadInput(t *testing.T) {
	onEachStore(t, func(t *testing.T, c *client) { c.suite.Run(t) })
}

// golden compares with what clients in other services decode. It replaces the id,
// which differs from run to run.
func golden(t *testing.T, name string, raw []byte, id string) {
	t.Helper()
	raw = regexp.MustCompile(regexp.QuoteMeta(id)).ReplaceAll(raw, []byte("0190a000-0000-7000-8000-000000000001"))
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	servetest.Golden(t, "http/"+name, pretty.Bytes(), *update)
}
