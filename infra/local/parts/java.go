package parts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

const oldestJava = 21

// jdk is a Java home and its major version.
type jdk struct {
	home    string
	version int
}

// findJava searches the usual folders and not only PATH, where an older Java often
// comes first.
func (s *System) findJava(ctx context.Context) (jdk, error) {
	return s.pickJava(ctx, s.javaHomes())
}

// javaHomes are the candidates for a Java home, in the order to try them.
func (s *System) javaHomes() (homes []string) {
	if home := s.Getenv("JAVA_HOME"); home != "" {
		homes = append(homes, home)
	}
	for _, pattern := range []string{"/usr/lib/jvm/*", "/opt/*", filepath.Join(s.Getenv("HOME"), ".sdkman/candidates/java/*")} {
		found, _ := filepath.Glob(pattern)
		homes = append(homes, found...)
	}
	if path, err := exec.LookPath("java"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			homes = append(homes, filepath.Dir(filepath.Dir(path)))
		}
	}
	return homes
}

// pickJava returns the first home that is new enough and accessible. Its error
// lists what was found instead.
func (s *System) pickJava(ctx context.Context, homes []string) (jdk, error) {
	var rejected []string
	for _, home := range homes {
		version := javaVersion(ctx, home)
		switch {
		case version == 0:
			continue
		case version < oldestJava:
			rejected = append(rejected, fmt.Sprintf("%s is Java %d", home, version))
		case !s.runAs.canAccess(home):
			rejected = append(rejected, home+" is not accessible to the user nobody, as whom OpenSearch runs")
		default:
			return jdk{home, version}, nil
		}
	}
	text := fmt.Sprintf("no JDK %d or later was found in JAVA_HOME, /usr/lib/jvm, /opt, ~/.sdkman or on PATH", oldestJava)
	if len(rejected) > 0 {
		text += " (" + strings.Join(rejected, "; ") + ")"
	}
	return jdk{}, fmt.Errorf("%s; install one (Debian: apt-get install openjdk-%d-jdk-headless) or set JAVA_HOME", text, oldestJava)
}

var (
	releaseVersion = regexp.MustCompile(`JAVA_VERSION="(\d+)`)
	javaPrints     = regexp.MustCompile(`version "(\d+)`)
)

// javaVersion is the major version in the home's release file, else the one its
// java prints; 0 if home is not a Java home.
func javaVersion(ctx context.Context, home string) int {
	java := filepath.Join(home, "bin", "java")
	if _, err := os.Stat(java); err != nil {
		return 0
	}
	text, err := os.ReadFile(filepath.Join(home, "release"))
	m := releaseVersion.FindSubmatch(text)
	if err != nil || m == nil {
		text, err = exec.CommandContext(ctx, java, "-version").CombinedOutput()
		if m = javaPrints.FindSubmatch(text); err != nil || m == nil {
			return 0
		}
	}
	n, _ := strconv.Atoi(string(m[1]))
	return n
}
