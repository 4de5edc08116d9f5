package parts

import (
	"context"
	"errors"
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

// findJava looks where Java usually is, not only on PATH, where an older one
// often comes first.
func (s *System) findJava(ctx context.Context) (jdk, error) {
	return s.pickJava(ctx, s.javaHomes())
}

// javaHomes are the places that may be Java homes, the likeliest first.
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

// pickJava takes the first that will do. Its error tells what was found
// instead.
func (s *System) pickJava(ctx context.Context, homes []string) (jdk, error) {
	var seen []string
	for _, home := range homes {
		version := javaVersion(ctx, home)
		switch {
		case version == 0:
			continue
		case version < oldestJava:
			seen = append(seen, fmt.Sprintf("%s is Java %d", home, version))
		case !s.runAs.canAccess(home):
			seen = append(seen, home+" may not be entered by the user nobody, who must run it")
		default:
			return jdk{home, version}, nil
		}
	}
	text := fmt.Sprintf("no JDK %d or later was found in JAVA_HOME, /usr/lib/jvm, /opt, ~/.sdkman or on PATH", oldestJava)
	if len(seen) > 0 {
		text += " (" + strings.Join(seen, "; ") + ")"
	}
	return jdk{}, errors.New(text)
}

var (
	releaseVersion = regexp.MustCompile(`JAVA_VERSION="(\d+)`)
	javaPrints     = regexp.MustCompile(`version "(\d+)`)
)

// javaVersion reads the home's release file, or else asks its java; 0 when it
// is no Java home.
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
