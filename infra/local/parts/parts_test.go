package parts

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamo "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jari.example/infra/local/artifact"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/ports"
	"jari.example/telemetry/names/realpart"
)

func quiet(string, ...any) {}

// system is a System that is not started.
func system(t *testing.T, env map[string]string) *System {
	t.Helper()
	s, err := New(System{
		Root: "/clone", Dir: filepath.Join(t.TempDir(), ".jari"), Cache: artifact.Cache(t.TempDir()), AlertTimeScale: 60,
		Getenv: func(key string) string { return env[key] },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func part(t *testing.T, s *System, name string) launch.Part {
	t.Helper()
	all := s.Parts()
	i := slices.IndexFunc(all, func(p launch.Part) bool { return p.Name == name })
	if i < 0 {
		t.Fatalf("there is no part %s", name)
	}
	return all[i]
}

func TestThePartsFormAValidGraphWithEachAgent(t *testing.T) {
	for _, agent := range []string{"collector", "fluent-bit"} {
		s := system(t, map[string]string{"JARI_AGENT": agent})
		if _, err := launch.Select(s.Parts(), nil); err != nil {
			t.Errorf("with %s: %v", agent, err)
		}
	}
}

// On a busy machine both need minutes, and nothing is wrong.
func TestServersThatStartSlowlyMayTakeAsLongAsTheyMakeProgress(t *testing.T) {
	for _, name := range []string{"opensearch", "postgres"} {
		p := part(t, system(t, nil), name)
		if !p.SlowStart || strings.Contains(p.Hint, "JDK") || !strings.Contains(p.Hint, "memory") && name == "opensearch" {
			t.Errorf("%s: slow start %v, with the hint %q", name, p.SlowStart, p.Hint)
		}
	}
}

func TestEveryPortBelongsToOnePart(t *testing.T) {
	s := system(t, nil)
	s.WithFaultProxies = true
	owner := map[int]string{}
	all := s.Parts()
	for _, region := range Regions {
		all = append(all, s.NextReservation(t.Context(), region, time.Now()))
	}
	for _, p := range all {
		for _, port := range p.Ports {
			if other, dup := owner[port]; dup {
				t.Errorf("%s and %s both listen on %d", p.Name, other, port)
			}
			owner[port] = p.Name
		}
	}
	for _, name := range ports.Names() {
		if owner[s.Ports.Of(name)] == "" {
			t.Errorf("the table has a port %s that no part listens on", name)
		}
	}
}

func TestTheAgentReadsTheLogsOfServicesOnly(t *testing.T) {
	s := system(t, nil)
	for _, p := range s.Parts() {
		name := p.Log
		if name == "" {
			name = p.Name
		}
		followed, err := filepath.Match(s.LogGlob(), filepath.Join(s.LogDir(), name+".log"))
		if err != nil {
			t.Fatal(err)
		}
		if service := slices.Contains(p.Feeds, "agent"); followed != service {
			t.Errorf("%s: read by the agent: %t, a service of ours: %t", p.Name, followed, service)
		}
	}
	if followed, _ := filepath.Match(s.LogGlob(), filepath.Join(s.LogDir(), "launcher.log")); followed {
		t.Error("the agent reads the launcher's own log")
	}
}

func TestAnExternalAddressReplacesAPart(t *testing.T) {
	s := system(t, map[string]string{"JARI_OPENSEARCH_URL": "http://search.example:9200/", "JARI_AWS_ENDPOINT_URL": "http://aws.example"})
	for _, name := range []string{"opensearch", "aws"} {
		if p := part(t, s, name); p.Command != nil || p.Ports != nil {
			t.Errorf("%s is started although its address is configured", name)
		}
	}
	c, err := part(t, s, "search-kr").Command(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	args := strings.Join(c.Args, " ")
	for _, want := range []string{"--opensearch-url http://search.example:9200 ", "--aws-endpoint-url http://aws.example "} {
		if !strings.Contains(args, want) {
			t.Errorf("search is started without %s: %s", want, args)
		}
	}
}

func TestSomebodyIsOnCallInTheLocalSystem(t *testing.T) {
	s := system(t, nil)
	s.Root = filepath.Join("..", "..", "..")
	c, err := part(t, s, "alerting").Command(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.Index(c.Args, "--on-call-dir")
	if i < 0 {
		t.Fatalf("alertingd is started without --on-call-dir: %q", c.Args)
	}
	if _, err := os.Stat(filepath.Join(c.Args[i+1], "rota.yaml")); err != nil {
		t.Error(err)
	}
}

func TestAServiceIsConfiguredForItsRegion(t *testing.T) {
	s := system(t, nil)
	c, err := part(t, s, "reservation-us").Command(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	args := strings.Join(c.Args, " ")
	for _, want := range []string{
		"--http-addr 127.0.0.1:8122", "--ops-addr 127.0.0.1:8222", "--cloud-region us-east-1",
		"15432/jari_reservation_us", "--notification-url http://127.0.0.1:8124",
	} {
		if !strings.Contains(args, want) {
			t.Errorf("reservation-us lacks %s: %s", want, args)
		}
	}
	if !slices.Contains(c.Env, "AWS_ACCESS_KEY_ID=local") {
		t.Error("its AWS credentials are not the local ones")
	}
}

func TestAnInstalledFluentBitIsTheAgentIfItIsNewEnough(t *testing.T) {
	for version, want := range map[string]string{
		"v5.1.1": "fluent-bit", "v4.2.0": "fluent-bit", "v4.1.9": "collector", "v3.2.1": "collector",
	} {
		t.Run(version, func(t *testing.T) {
			bin := t.TempDir()
			if err := os.WriteFile(filepath.Join(bin, "fluent-bit"), []byte("#!/bin/sh\necho Fluent Bit "+version+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", bin)
			s := system(t, nil)
			if got := s.AgentKind(); got != want {
				t.Fatalf("the agent is %s", got)
			}
			if want == "collector" {
				return
			}
			p := part(t, s, "agent")
			if err := p.Prepare(t.Context(), quiet); err != nil {
				t.Fatal(err)
			}
			c, err := p.Command(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(c.Args, " ")
			if got != "-e "+s.PluginPath()+" -c /clone/fluentbit/conf/local.yaml" || !slices.Contains(p.Needs, "plugin") {
				t.Errorf("it is started with %s and needs %v", got, p.Needs)
			}
		})
	}
}

func TestAnUnknownAgentIsAnError(t *testing.T) {
	err := part(t, system(t, map[string]string{"JARI_AGENT": "fluentd"}), "agent").Prepare(t.Context(), quiet)
	if err == nil || !strings.Contains(err.Error(), `"fluentd"`) {
		t.Errorf("got %v", err)
	}
}

func TestSecretsAreGeneratedOnceAndPrivate(t *testing.T) {
	s := system(t, nil)
	read := func() (all string) {
		if err := s.secrets().Prepare(t.Context(), quiet); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{signingKey, refreshKey, slackToken, slackSigning} {
			st, err := os.Stat(s.secret(name))
			if err != nil {
				t.Fatal(err)
			}
			if st.Mode().Perm() != 0o600 || st.Size() < 32 {
				t.Errorf("%s has mode %o and %d bytes", name, st.Mode().Perm(), st.Size())
			}
			text, err := os.ReadFile(s.secret(name))
			if err != nil {
				t.Fatal(err)
			}
			all += string(text)
		}
		return all
	}
	first := read()
	if second := read(); second != first {
		t.Error("a second start generated other secrets")
	}
}

// javaHome creates a Java home: a release file and an executable.
func javaHome(t *testing.T, release string) string {
	t.Helper()
	home := t.TempDir()
	if err := os.MkdirAll(filepath.Join(home, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"release": release, "bin/java": "#!/bin/sh\n"} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

func TestJavaVersionComesFromTheReleaseFile(t *testing.T) {
	for release, want := range map[string]int{
		"IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"25.0.1\"\n": 25,
		"JAVA_VERSION=\"17.0.15\"":                     17,
		"JAVA_VERSION=\"1.8.0_402\"":                   1,
		"nothing":                                      0,
	} {
		if got := javaVersion(t.Context(), javaHome(t, release)); got != want {
			t.Errorf("of %q: got %d", release, got)
		}
	}
	if got := javaVersion(t.Context(), t.TempDir()); got != 0 {
		t.Errorf("of an empty folder: got %d", got)
	}
}

func TestAMissingJavaIsReportedWithWhatWasFound(t *testing.T) {
	s := system(t, nil)
	s.runAs = runAs{}
	_, err := s.pickJava(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "no JDK 21 or later was found in JAVA_HOME, /usr/lib/jvm") {
		t.Errorf("with no Java at all: %v", err)
	}
	old := javaHome(t, "JAVA_VERSION=\"17.0.15\"")
	if _, err := s.pickJava(t.Context(), []string{t.TempDir(), old}); err == nil || !strings.Contains(err.Error(), old+" is Java 17") {
		t.Errorf("with an old one: %v", err)
	}
	new := javaHome(t, "JAVA_VERSION=\"25.0.1\"")
	if found, err := s.pickJava(t.Context(), []string{old, new}); err != nil || found.home != new {
		t.Errorf("with an old and a new one: %+v, %v", found, err)
	}
	// what to install is said there, and not where a slow start fails
	if err == nil || !strings.Contains(err.Error(), "openjdk-21-jdk-headless") {
		t.Errorf("the error is %v", err)
	}
	if hint := part(t, s, "opensearch").Hint; strings.Contains(hint, "JDK") {
		t.Errorf("the hint of every failed start is %q", hint)
	}
}

func TestJavaIsSearchedInJavaHomeAndOnPath(t *testing.T) {
	home := javaHome(t, "JAVA_VERSION=\"25.0.1\"")
	if homes := system(t, map[string]string{"JAVA_HOME": home}).javaHomes(); len(homes) == 0 || homes[0] != home {
		t.Errorf("JAVA_HOME is not the first candidate: %v", homes)
	}
	t.Setenv("PATH", filepath.Join(home, "bin"))
	if homes := system(t, nil).javaHomes(); !slices.Contains(homes, home) {
		t.Errorf("the Java on PATH is not a candidate: %v", homes)
	}
}

func TestADirectoryThatOnlyRootMayEnterIsDetected(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root starts servers as another user")
	}
	u, err := newRunAs("/var")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if u.canAccess(filepath.Join(dir, "below")) {
		t.Error("nobody is reported to have access below a 0700 directory of root")
	}
	if !u.canAccess("/usr/bin") {
		t.Error("nobody is reported to have no access to /usr/bin")
	}
	if far, err := newRunAs(dir); err != nil || !strings.HasPrefix(far.data, rootCache) {
		t.Errorf("its data would be in %s (%v)", far.data, err)
	}
}

func TestASnapshotRestoresAnItemExactly(t *testing.T) {
	s := system(t, map[string]string{"JARI_AWS_ENDPOINT_URL": realpart.Need(t, realpart.AWS)})
	c := s.cloud()
	item := map[string]dynamo.AttributeValue{
		"id": &dynamo.AttributeValueMemberS{Value: "x"}, "n": &dynamo.AttributeValueMemberN{Value: "12345678901234567890.5"},
		"deep": &dynamo.AttributeValueMemberM{Value: map[string]dynamo.AttributeValue{
			"ko": &dynamo.AttributeValueMemberS{Value: "한식"}, "none": &dynamo.AttributeValueMemberNULL{Value: true},
		}},
	}
	if err := c.save("kr", []map[string]dynamo.AttributeValue{item}); err != nil {
		t.Fatal(err)
	}
	items, err := c.load("kr")
	if err != nil || len(items) != 1 {
		t.Fatalf("loaded %d items, %v", len(items), err)
	}
	db := dynamodb.NewFromConfig(c.config("kr"))
	table := "parts-test-" + strings.ToLower(rand.Text())
	if _, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &table, BillingMode: dynamo.BillingModePayPerRequest,
		AttributeDefinitions: []dynamo.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: dynamo.ScalarAttributeTypeS}},
		KeySchema:            []dynamo.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: dynamo.KeyTypeHash}},
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &table}); err != nil {
			t.Errorf("drop table: %v", err)
		}
	})
	if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: items[0]}); err != nil {
		t.Fatal(err)
	}
	out, err := db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &table, Key: map[string]dynamo.AttributeValue{"id": item["id"]}})
	if err != nil {
		t.Fatal(err)
	}
	deep := out.Item["deep"].(*dynamo.AttributeValueMemberM).Value["ko"].(*dynamo.AttributeValueMemberS).Value
	if n := out.Item["n"].(*dynamo.AttributeValueMemberN).Value; n != "12345678901234567890.5" || deep != "한식" {
		t.Errorf("restored as %s, %s", n, deep)
	}
}
