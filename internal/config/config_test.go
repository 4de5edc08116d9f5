package config_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jari.example/internal/config"
)

func env(m map[string]string) func(string) string { return func(k string) string { return m[k] } }

func TestFlagOverridesEnvironmentOverridesDefault(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := config.New("xd", "x", "x", env(map[string]string{"X_HTTP_ADDR": "127.0.0.1:1", "X_OPS_ADDR": "127.0.0.1:2", "X_KEY_FILE": key}))
	c := s.Common("127.0.0.1:8", "127.0.0.1:9")
	wait := s.Duration("wait", time.Second, "pause")
	secret := s.SecretFile("key-file", 8, "key")
	if err := s.Parse([]string{"--http-addr", "127.0.0.1:3"}, nil); err != nil {
		t.Fatal(err)
	}
	if *c.HTTPAddr != "127.0.0.1:3" || *c.OpsAddr != "127.0.0.1:2" || *wait != time.Second || string(*secret) != "0123456789" {
		t.Errorf("got %s %s %s %q", *c.HTTPAddr, *c.OpsAddr, *wait, *secret)
	}
}

func TestEmptyFlagOverridesTheEnvironment(t *testing.T) {
	s := config.New("xd", "x", "x", env(map[string]string{"X_DATABASE_URL": "postgres://a@b/c"}))
	db := s.URL("database-url", "", "database")
	if err := s.Parse([]string{"--database-url="}, nil); err != nil || *db != "" {
		t.Errorf("got %q, %v", *db, err)
	}
}

func TestARepeatedFlagHoldsEveryValue(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		env  string
		want string
	}{
		"flags":                        {[]string{"--origin", "a", "-origin=b"}, "", "a b"},
		"the variable":                 {nil, "c,d", "c d"},
		"flags beat the variable":      {[]string{"--origin", "a"}, "c,d", "a"},
		"neither":                      {nil, "", ""},
		"an empty flag beats variable": {[]string{"--origin="}, "c,d", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			s := config.New("xd", "x", "x", env(map[string]string{"X_ORIGIN": c.env}))
			s.Each("origin", "where to", func(v string) error { got = append(got, v); return nil })
			if err := s.Parse(c.args, nil); err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
	s := config.New("xd", "x", "x", env(nil))
	s.Each("origin", "where to", func(string) error { return errors.New("is not an origin") })
	if err := s.Parse([]string{"--origin", "a"}, nil); err == nil || !strings.Contains(err.Error(), "-origin: is not an origin") {
		t.Errorf("got %v", err)
	}
}

func TestReportsAllProblemsTogether(t *testing.T) {
	s := config.New("xd", "x", "x", env(map[string]string{"X_LOG_LEVEL": "loud", "X_TELEMETRY": "some", "X_DB": "postgres:pass word@"}))
	s.Common("127.0.0.1:8", "127.0.0.1:9")
	s.URL("db", "", "database")
	s.SecretFile("key-file", 8, "key")
	err := s.Parse([]string{"--http-addr", "nowhere", "--key-file", "/does/not/exist", "stray"}, nil)
	if err == nil {
		t.Fatal("Parse returned no error")
	}
	for _, want := range []string{"X_LOG_LEVEL", "X_TELEMETRY", "X_DB", "-http-addr", "-key-file", "stray"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not reported in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "pass word") {
		t.Errorf("the message contains a password:\n%v", err)
	}
}

func TestHelpNamesFlagVariableAndDefault(t *testing.T) {
	s := config.New("xd", "x", "xd does nothing.", env(nil))
	s.Common("127.0.0.1:8", "127.0.0.1:9")
	var out bytes.Buffer
	if err := s.Parse([]string{"-h"}, &out); !errors.Is(err, flag.ErrHelp) {
		t.Fatal(err)
	}
	for _, want := range []string{"xd does nothing.", "-http-addr", "$X_HTTP_ADDR, default 127.0.0.1:8"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s", want, out.String())
		}
	}
}

func TestProductionRefusesFaultFlagsUnlessItAllowsThem(t *testing.T) {
	for args, want := range map[string]string{
		"":                                      "",
		"--fault-flags f":                       "-environment is production",
		"--environment staging --fault-flags f": "",
		"--environment= --fault-flags f":        "-environment must not be empty",
		"--fault-flags-in-production allowed":   "",
		"--fault-flags-in-production yes":       "one of refused, allowed",
		"--fault-flags f --fault-flags-in-production allowed": "",
	} {
		s := config.New("xd", "x", "x", env(nil))
		c := s.Common("127.0.0.1:8", "127.0.0.1:9")
		err := s.Parse(strings.Fields(args), nil)
		if want == "" && (err != nil || (*c.FaultFlags != "") != strings.Contains(args, "--fault-flags f")) {
			t.Errorf("%q: %v", args, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", args, err, want)
		}
	}
}

func TestASecretComesFromAFileOrFromAVariable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("from the file"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		env  map[string]string
		args []string
		want string // or the error
	}{
		"neither":                      {nil, nil, ""},
		"a flag":                       {nil, []string{"--key-file", file}, "from the file"},
		"a variable names the file":    {map[string]string{"X_KEY_FILE": file}, nil, "from the file"},
		"a variable holds the content": {map[string]string{"X_KEY": "-----BEGIN\nkey"}, nil, "-----BEGIN\nkey"},
		"both":                         {map[string]string{"X_KEY": "a secret"}, []string{"--key-file", file}, "$X_KEY is set, too"},
		"too short":                    {map[string]string{"X_KEY": "short"}, nil, "$X_KEY holds 5 bytes, needs at least 8"},
	} {
		t.Run(name, func(t *testing.T) {
			s := config.New("xd", "x", "x", env(c.env))
			key := s.Secret("key", 8, "key")
			got := ""
			if err := s.Parse(c.args, nil); err != nil {
				got = err.Error()
			} else if string(*key) == c.want {
				return
			}
			if c.want == "" || !strings.Contains(got, c.want) || strings.Contains(got, "a secret") {
				t.Errorf("got %q, %q; want %q", *key, got, c.want)
			}
		})
	}
	var help bytes.Buffer
	s := config.New("xd", "x", "x", env(nil))
	s.Secret("key", 8, "key")
	if _ = s.Parse([]string{"-h"}, &help); !strings.Contains(help.String(), "$X_KEY_FILE, or its content in $X_KEY") {
		t.Errorf("the help is\n%s", help.String())
	}
}

func TestTheAdministratorHasThePasswordOfAVariable(t *testing.T) {
	for _, c := range []struct{ admin, password, want string }{
		{"postgres://admin@b/c?sslmode=verify-full", "p@ss/word", "postgres://admin:p%40ss%2Fword@b/c?sslmode=verify-full"},
		{"postgres://admin:own@b/c", "", "postgres://admin:own@b/c"},
		{"", "p@ss/word", ""},
	} {
		s := config.New("xd", "x", "x", env(map[string]string{"X_ADMIN_PASSWORD": c.password}))
		task := s.Task(s.URL("database-url", "", "PostgreSQL"))
		args := []string{"-task", "migrate", "-database-url", "postgres://a@b/c", "-admin-database-url", c.admin}
		if err := s.Parse(args, new(strings.Builder)); err != nil || task.Admin() != c.want {
			t.Errorf("%+v: %q, %v", c, task.Admin(), err)
		}
	}
}

func TestTaskMigrateNeedsADatabase(t *testing.T) {
	for _, c := range []struct {
		args    []string
		migrate bool
		problem string
	}{
		{nil, false, ""},
		{[]string{"-task", "migrate", "-database-url", "postgres://a@b/c"}, true, ""},
		{[]string{"-task", "migrate"}, false, "needs -database-url"},
		{[]string{"-task", "rest"}, false, "is not one of serve, migrate"},
		{[]string{"-admin-database-url", "postgres://a@b/c"}, false, "is for -task migrate"},
	} {
		s := config.New("xd", "x", "x", env(nil))
		task := s.Task(s.URL("database-url", "", "PostgreSQL"))
		err := s.Parse(c.args, new(strings.Builder))
		if (err == nil) != (c.problem == "") || err != nil && !strings.Contains(err.Error(), c.problem) {
			t.Errorf("%q: %v, want %q", c.args, err, c.problem)
		}
		if err == nil && task.Migrates() != c.migrate {
			t.Errorf("%q: migrates is %t", c.args, task.Migrates())
		}
	}
}
