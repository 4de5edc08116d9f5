package parts

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"text/template"
	"time"

	"jari.example/infra/local/artifact"
	"jari.example/infra/local/launch"
)

const openSearchVersion = "3.8.0"

// openSearchFiles are the complete server (without the optional plugins that
// need root or a licence) and Korean analysis.
var openSearchFiles = []artifact.Maven{
	{Group: "org.opensearch.distribution.integ-test-zip", Name: "opensearch", Version: openSearchVersion, Type: "zip",
		SHA256: "196c3cf4602c394f2e40e6174ccbf2a924eae37246f08fa6bbb6b75f9fd5ff1f"},
	{Group: "org.opensearch.plugin", Name: "analysis-nori", Version: openSearchVersion, Type: "jar",
		SHA256: "2682186f2dd7fd03929f708b15829e8a00702d28271726d29017f7703e9cb0eb"},
	{Group: "org.apache.lucene", Name: "lucene-analysis-nori", Version: "10.5.0", Type: "jar",
		SHA256: "01c3052bd62f7bfaece34aef36af527951fa30e3010c79fd6f61a813ed0277b9"},
}

//go:embed opensearch.yml.tmpl
var openSearchText string

var openSearchConf = template.Must(template.New("opensearch.yml").Parse(openSearchText))

// OpenSearchURL is the server's address: JARI_OPENSEARCH_URL, or the part's.
func (s *System) OpenSearchURL() string {
	if url := s.Getenv("JARI_OPENSEARCH_URL"); url != "" {
		return strings.TrimRight(url, "/")
	}
	return s.Ports.URL("opensearch")
}

func (s *System) openSearch() launch.Part {
	if s.Getenv("JARI_OPENSEARCH_URL") != "" {
		return launch.Part{
			Name:    "opensearch",
			Hint:    "JARI_OPENSEARCH_URL is set: start that server, or unset the variable",
			Healthy: s.openSearchHealthy,
			Notes:   func() string { return "external, at " + s.OpenSearchURL() },
		}
	}
	var home, data string
	var java jdk
	return launch.Part{
		Name:  "opensearch",
		Ports: []int{s.Ports.Of("opensearch"), s.Ports.Of("opensearch/tp")},
		Hint: "OpenSearch needs about 1 GB of free memory, and minutes on a busy machine: free some of both and start again; " +
			"to use another server, set JARI_OPENSEARCH_URL",
		Prepare: func(ctx context.Context, report launch.Progress) (err error) {
			if java, err = s.findJava(ctx); err != nil {
				return err
			}
			home, err = s.runAs.cache(s.Cache).Provide(ctx, "opensearch-"+openSearchVersion, artifact.Progress(report),
				func(ctx context.Context, dir string) error {
					return unpackOpenSearch(ctx, dir, artifact.Progress(report))
				})
			if err != nil {
				return err
			}
			data, err = s.configureOpenSearch(home)
			return err
		},
		Command: func(context.Context) (launch.Command, error) {
			return launch.Command{
				Path: filepath.Join(java.home, "bin", "java"), Args: s.openSearchArgs(java, home, data),
				Env: []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=" + data}, Dir: data, As: s.runAs.cred,
			}, nil
		},
		Healthy: s.openSearchHealthy,
		Notes: func() string {
			return fmt.Sprintf("OpenSearch %s on Java %d in %s", openSearchVersion, java.version, java.home)
		},
		StartTimeout: 3 * time.Minute,
		SlowStart:    true,
		StopSignal:   syscall.SIGTERM,
		StopTimeout:  30 * time.Second,
	}
}

// noriDescriptor is the file that the plugin installer would have unpacked beside
// nori's jar. The jar does not contain it.
const noriDescriptor = `description=Lucene Korean (nori) analysis
version=` + openSearchVersion + `
name=analysis-nori
classname=org.opensearch.plugin.analysis.nori.AnalysisNoriPlugin
java.version=21
opensearch.version=` + openSearchVersion + "\n"

func unpackOpenSearch(ctx context.Context, dir string, report artifact.Progress) error {
	if err := artifact.FetchMaven(ctx, dir, report, openSearchFiles...); err != nil {
		return err
	}
	report("unpacking OpenSearch %s", openSearchVersion)
	server := openSearchFiles[0].File()
	nori := filepath.Join(dir, "opensearch-"+openSearchVersion, "plugins", "analysis-nori")
	if err := artifact.Unzip(filepath.Join(dir, server), dir, nil); err != nil {
		return err
	}
	if err := os.MkdirAll(nori, 0o755); err != nil {
		return err
	}
	for _, f := range openSearchFiles[1:] {
		jar := filepath.Join(nori, f.File())
		if err := errors.Join(os.Rename(filepath.Join(dir, f.File()), jar), os.Chmod(jar, 0o644)); err != nil {
			return err
		}
	}
	return errors.Join(
		os.WriteFile(filepath.Join(nori, "plugin-descriptor.properties"), []byte(noriDescriptor), 0o644),
		os.Remove(filepath.Join(dir, server)),
	)
}

// configureOpenSearch writes the configuration directory and returns the
// directory that holds it and the data.
func (s *System) configureOpenSearch(home string) (string, error) {
	data, err := s.runAs.dir("opensearch")
	if err != nil {
		return "", err
	}
	for _, sub := range []string{"conf", "data", "logs", "tmp"} {
		if _, err := s.runAs.dir(filepath.Join("opensearch", sub)); err != nil {
			return "", err
		}
	}
	var conf strings.Builder
	err = openSearchConf.Execute(&conf, map[string]any{
		"Dir": data, "HTTP": s.Ports.Of("opensearch"), "Transport": s.Ports.Of("opensearch/tp"),
	})
	if err != nil {
		return "", err
	}
	log4j, err := os.ReadFile(filepath.Join(home, "opensearch-"+openSearchVersion, "config", "log4j2.properties"))
	if err != nil {
		return "", err
	}
	return data, errors.Join(
		os.WriteFile(filepath.Join(data, "conf", "opensearch.yml"), []byte(conf.String()), 0o644),
		os.WriteFile(filepath.Join(data, "conf", "log4j2.properties"), log4j, 0o644),
	)
}

// openSearchArgs are the arguments that OpenSearch's start script would compute.
// The script is not used because it starts a second JVM for that. Tiered
// compilation stops at level 1 (C1), and the agent is left out (the server's
// sandbox, useless with only our own plugins): together they halve the time to
// the first response.
func (s *System) openSearchArgs(java jdk, home, data string) []string {
	heap := s.Getenv("JARI_OPENSEARCH_HEAP")
	if heap == "" {
		heap = "640m"
	}
	server := filepath.Join(home, "opensearch-"+openSearchVersion)
	args := []string{
		"-Xms" + heap, "-Xmx" + heap, "-Xss1m", "-XX:+UseG1GC", "-XX:G1ReservePercent=25", "-XX:InitiatingHeapOccupancyPercent=30",
		"-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError", "-XX:ErrorFile=" + filepath.Join(data, "logs", "hs_err_%p.log"),
		"-XX:+AutoCreateSharedArchive", "-XX:SharedArchiveFile=" + filepath.Join(data, "tmp", "classes.jsa"),
		"-Xlog:cds=off", "-Xlog:cds+dynamic=off",
		"-Djava.io.tmpdir=" + filepath.Join(data, "tmp"), "-Djava.awt.headless=true", "-Dfile.encoding=UTF-8",
		"-Djna.nosys=true", "-Djava.locale.providers=SPI,CLDR",
		"-Dio.netty.noUnsafe=true", "-Dio.netty.noKeySetOptimization=true",
		"-Dio.netty.recycler.maxCapacityPerThread=0", "-Dio.netty.allocator.numDirectArenas=0",
		"-Dlog4j.shutdownHookEnabled=false", "-Dlog4j2.disable.jmx=true", "-Dorg.apache.lucene.store.MMapDirectory.sharedArenaMaxPermits=1",
		"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "--add-opens=java.base/java.nio=ALL-UNNAMED",
		"-Dopensearch.path.home=" + server, "-Dopensearch.path.conf=" + filepath.Join(data, "conf"),
		"-Dopensearch.distribution.type=zip", "-Dopensearch.bundled_jdk=false",
	}
	if java.version >= 23 {
		args = append(args, "--sun-misc-unsafe-memory-access=allow")
	}
	if java.version >= 25 {
		args = append(args, "-XX:+UseCompactObjectHeaders")
	}
	bootstrap := filepath.Join(server, "agent", "opensearch-agent-bootstrap-"+openSearchVersion+".jar")
	return append(args, "-cp", filepath.Join(server, "lib", "*")+":"+bootstrap, "org.opensearch.bootstrap.OpenSearch")
}

// maxHealth bounds the response of /_cluster/health, which has some 400 bytes.
const maxHealth = 64 << 10

func (s *System) openSearchHealthy(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.OpenSearchURL()+"/_cluster/health", nil)
	if err != nil {
		return err
	}
	res, err := checkClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var health struct {
		Status       string
		Active       int `json:"active_shards"`
		Initializing int `json:"initializing_shards"`
		Unassigned   int `json:"unassigned_shards"`
		Tasks        int `json:"number_of_pending_tasks"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxHealth)).Decode(&health); err != nil || res.StatusCode != http.StatusOK {
		return fmt.Errorf("GET /_cluster/health: %s (%v): %w", res.Status, err, launch.ErrNotReady)
	}
	if health.Status != "green" && health.Status != "yellow" {
		return fmt.Errorf("the cluster's health is %s, with %d active, %d initializing and %d unassigned shards and %d pending tasks: %w",
			health.Status, health.Active, health.Initializing, health.Unassigned, health.Tasks, launch.ErrNotReady)
	}
	return nil
}
