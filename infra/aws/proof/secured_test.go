package proof

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"jari.example/infra/local/artifact"
	"jari.example/internal/wait"
)

// securedVersion is the newest OpenSearch whose security plugin Maven Central has. Amazon's domains
// have the same plugin.
const securedVersion = "2.19.4"

var securedFiles = []artifact.Maven{
	{Group: "org.opensearch.distribution.integ-test-zip", Name: "opensearch", Version: securedVersion, Type: "zip",
		SHA256: "3902e642715210d1d9d7cbdcc8f5abd6f931d1d7a679cea3750937becf16c406"},
	{Group: "org.opensearch.plugin", Name: "opensearch-security", Version: securedVersion + ".0", Type: "zip",
		SHA256: "1f673622c462c4171a8c53f9b1ad20e5b839834cb79b0d3b388da180a0e514e8"},
}

// securedAdmin is who may write users and roles.
var securedAdmin = url.UserPassword("jari_admin", "Password-of-the-administrator-1")

// secured starts an OpenSearch with the security plugin, and returns its URL without a user.
func secured(t *testing.T) *url.URL {
	t.Helper()
	java := oldJava()
	if java == "" {
		t.Skip("no Java 17 to 23 in JAVA_HOME, /usr/lib/jvm or /opt (Debian: apt-get install openjdk-17-jre-headless): OpenSearch " + securedVersion + " cannot start")
	}
	home := securedServer(t)
	dir, err := os.MkdirTemp("/tmp", "jari-secured-") // which everybody can enter, unlike t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	ports := freePorts(t, 2)
	configure(t, home, dir, ports)
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, filepath.Join(java, "bin", "java"),
		"-Xms512m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-Djava.io.tmpdir="+dir, "-Djava.security.manager=allow", "-Djna.nosys=true",
		"-Dopensearch.path.home="+home, "-Dopensearch.path.conf="+filepath.Join(dir, "conf"),
		"-Dopensearch.distribution.type=zip", "-Dopensearch.bundled_jdk=false", "-cp", filepath.Join(home, "lib", "*"), "org.opensearch.bootstrap.OpenSearch")
	cmd.Dir, cmd.Env = dir, []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=" + dir}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	notRoot(t, cmd, dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(); _ = cmd.Wait() }) // killed: its data are not wanted
	at := &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", ports[0])}
	limited, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	err = wait.Until(limited, time.Second, func() bool {
		status, _, err := ask(t, at, securedAdmin, http.MethodGet, "/_cluster/health?wait_for_status=yellow", "")
		return err == nil && status == http.StatusOK
	})
	if err != nil {
		said, _ := os.ReadFile(log.Name())
		t.Fatalf("OpenSearch does not start: %v\n%.8000s", err, said)
	}
	return at
}

// securedServer is the unpacked server with its plugin.
func securedServer(t *testing.T) string {
	t.Helper()
	cache, err := artifact.DefaultCache(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	report := func(format string, args ...any) { t.Logf(strings.TrimPrefix(format, "\r"), args...) }
	home, err := cache.Provide(t.Context(), "opensearch-secured-"+securedVersion, report, func(ctx context.Context, dir string) error {
		if err := artifact.FetchMaven(ctx, dir, report, securedFiles...); err != nil {
			return err
		}
		plugin := filepath.Join(dir, "opensearch-"+securedVersion, "plugins", "opensearch-security")
		return errors.Join(
			artifact.Unzip(filepath.Join(dir, securedFiles[0].File()), dir, nil),
			os.MkdirAll(plugin, 0o755),
			artifact.Unzip(filepath.Join(dir, securedFiles[1].File()), plugin, nil),
			os.Remove(filepath.Join(dir, securedFiles[0].File())), os.Remove(filepath.Join(dir, securedFiles[1].File())),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(home, "opensearch-"+securedVersion)
}

// javaVersion is a line of the file release in a Java's home.
var javaVersion = regexp.MustCompile(`(?m)^JAVA_VERSION="(\d+)`)

// oldJava is the home of a Java with a security manager, which this OpenSearch needs; "" for none.
func oldJava() string {
	homes := []string{os.Getenv("JAVA_HOME")}
	for _, pattern := range []string{"/usr/lib/jvm/*", "/opt/*"} {
		found, _ := filepath.Glob(pattern) // fails for a bad pattern only
		homes = append(homes, found...)
	}
	for _, home := range homes {
		release, _ := os.ReadFile(filepath.Join(home, "release")) // a folder without it is no Java
		if m := javaVersion.FindSubmatch(release); m != nil {
			if version, _ := strconv.Atoi(string(m[1])); version >= 17 && version <= 23 { // of digits
				return home
			}
		}
	}
	return ""
}

// notRoot makes cmd run as nobody, to whom it gives dir, if this test is root: OpenSearch refuses root.
func notRoot(t *testing.T, cmd *exec.Cmd, dir string) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, err1 := strconv.Atoi(nobody.Uid)
	gid, err2 := strconv.Atoi(nobody.Gid)
	err = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error { return errors.Join(err, os.Chown(path, uid, gid)) })
	if err := errors.Join(err, err1, err2); err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// freePorts are free when it returns.
func freePorts(t *testing.T, n int) (free []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		free = append(free, l.Addr().(*net.TCPAddr).Port)
	}
	return free
}

// configure writes a node's configuration: one administrator, no other user, and the roles of the plugin.
func configure(t *testing.T, home, dir string, ports []int) {
	t.Helper()
	password, _ := securedAdmin.Password()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "conf")
	if err := os.CopyFS(filepath.Join(conf, "opensearch-security"), os.DirFS(filepath.Join(home, "plugins", "opensearch-security", "config"))); err != nil {
		t.Fatal(err)
	}
	certificate, private := selfSigned(t)
	for name, text := range map[string]string{
		"node.pem":    certificate,
		"private.pem": private,
		"log4j2.properties": "rootLogger.level = warn\nrootLogger.appenderRef.out.ref = out\nappender.out.type = Console\nappender.out.name = out\n" +
			"appender.out.layout.type = PatternLayout\nappender.out.layout.pattern = %d %p %c{1.} %m%n\n",
		"opensearch-security/internal_users.yml": fmt.Sprintf("_meta: {type: internalusers, config_version: 2}\n%s: {hash: %q, backend_roles: [admin]}\n",
			securedAdmin.Username(), hash),
		"opensearch.yml": fmt.Sprintf(`cluster.name: secured
path.data: %[1]s/data
path.logs: %[1]s/logs
network.host: 127.0.0.1
http.port: %[2]d
transport.port: %[3]d
discovery.type: single-node
cluster.routing.allocation.disk.threshold_enabled: false
plugins.security.ssl.http.enabled: false
plugins.security.ssl.transport.pemcert_filepath: node.pem
plugins.security.ssl.transport.pemkey_filepath: private.pem
plugins.security.ssl.transport.pemtrustedcas_filepath: node.pem
plugins.security.ssl.transport.enforce_hostname_verification: false
plugins.security.allow_default_init_securityindex: true
plugins.security.restapi.roles_enabled: [all_access]
`, dir, ports[0], ports[1]),
	} {
		if err := os.WriteFile(filepath.Join(conf, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// selfSigned is a certificate, which is its own authority, and its key. Nodes must have one.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "node"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err1 := x509.CreateCertificate(rand.Reader, about, about, private.Public(), private)
	pkcs8, err2 := x509.MarshalPKCS8PrivateKey(private)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}

// ask sends a request as a user.
func ask(t *testing.T, at *url.URL, as *url.Userinfo, method, path, body string) (status int, text string, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, at.String()+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	password, _ := as.Password()
	req.SetBasicAuth(as.Username(), password)
	req.Header.Set("Content-Type", "application/json")
	if strings.Contains(path, "_bulk") {
		req.Header.Set("Content-Type", "application/x-ndjson")
	}
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	return response.StatusCode, string(all), err
}
