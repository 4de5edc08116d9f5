// Package config reads a daemon's flags, with the environment as fallback and
// secrets from files. It reports all mistakes at once.
package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Set is a daemon's flags. Define them, then Parse; values are valid only
// after Parse has returned nil.
type Set struct {
	flags    *flag.FlagSet
	about    string
	prefix   string
	getenv   func(string) string
	values   []*value
	problems []error
	checks   []func()
}

// New starts the flags of daemon ("reservationd"), whose variables begin with
// service in upper case (RESERVATION_HTTP_ADDR). about is the first line of -help.
func New(daemon, service, about string, getenv func(string) string) *Set {
	s := &Set{flags: flag.NewFlagSet(daemon, flag.ContinueOnError), about: about, prefix: strings.ToUpper(service) + "_", getenv: getenv}
	s.flags.SetOutput(io.Discard) // Parse reports
	return s
}

// value is one flag. Its Set only stores the text, because package flag stops at
// the first error; Parse converts the texts and collects every error.
type value struct {
	name, env, usage, def string
	content               string // variable that may hold the content of the file; "" for none
	given                 string
	source                string
	repeats               bool
	set                   func(string) error
}

func (v *value) String() string { return v.def }
func (v *value) Set(s string) error {
	if v.repeats && v.source != "" {
		s = v.given + "," + s
	}
	v.given, v.source = s, "-"+v.name
	return nil
}

func (s *Set) add(name, def, usage string, set func(string) error) *value {
	v := &value{name: name, def: def, usage: usage, set: set,
		env: s.prefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))}
	s.values = append(s.values, v)
	s.flags.Var(v, name, usage)
	return v
}

// String defines a flag without constraints.
func (s *Set) String(name, def, usage string) *string {
	p := new(string)
	s.add(name, def, usage, func(v string) error { *p = v; return nil })
	return p
}

// URL defines a flag that is empty or an absolute URL. A final slash is removed.
func (s *Set) URL(name, def, usage string) *string {
	p := new(string)
	s.add(name, def, usage, func(v string) error {
		*p = strings.TrimRight(v, "/")
		if v == "" {
			return nil
		}
		// The message does not repeat the URL, which may hold a password.
		if u, err := url.Parse(v); err != nil || u.Scheme == "" || u.Host == "" {
			return errors.New("is not an absolute URL")
		}
		return nil
	})
	return p
}

// Addr defines a flag that holds the host:port to listen on.
func (s *Set) Addr(name, def, usage string) *string {
	p := new(string)
	s.add(name, def, usage, func(v string) error {
		*p = v
		if _, _, err := net.SplitHostPort(v); err != nil {
			return fmt.Errorf("%q is not host:port", v)
		}
		return nil
	})
	return p
}

// Duration defines a flag such as 200ms.
func (s *Set) Duration(name string, def time.Duration, usage string) *time.Duration {
	p := new(time.Duration)
	s.add(name, def.String(), usage, parsed(p, time.ParseDuration, "a duration such as 200ms"))
	return p
}

// Int defines a flag that is a whole number.
func (s *Set) Int(name string, def int, usage string) *int {
	p := new(int)
	s.add(name, strconv.Itoa(def), usage, parsed(p, strconv.Atoi, "a whole number"))
	return p
}

// Level defines a flag that is a log level: DEBUG, INFO, WARN or ERROR.
func (s *Set) Level(name string, def slog.Level, usage string) *slog.Level {
	p := new(slog.Level)
	s.add(name, def.String(), usage, parsed(p, func(v string) (l slog.Level, err error) {
		return l, l.UnmarshalText([]byte(v))
	}, "one of DEBUG, INFO, WARN, ERROR"))
	return p
}

// OneOf defines a flag that is one of choices.
func (s *Set) OneOf(name, def, usage string, choices ...string) *string {
	p := new(string)
	s.add(name, def, usage, parsed(p, func(v string) (string, error) {
		if !slices.Contains(choices, v) {
			return v, errors.New("not a choice")
		}
		return v, nil
	}, "one of "+strings.Join(choices, ", ")))
	return p
}

// Each defines a flag that may be given several times. Its variable holds the
// values, separated by commas. parse is called with each value.
func (s *Set) Each(name, usage string, parse func(string) error) {
	s.add(name, "", usage, func(v string) error {
		for value := range strings.SplitSeq(v, ",") {
			if value == "" {
				continue
			}
			if err := parse(value); err != nil {
				return err
			}
		}
		return nil
	}).repeats = true
}

// Secret defines the flag NAME-file, which is SecretFile, for a daemon that may also run
// where secrets come as variables (ECS): without a file the secret is the content of the
// variable NAME, if that is set. There is no flag for the content, because `ps` shows flags.
func (s *Set) Secret(name string, minimum int, usage string) *[]byte {
	p, v := s.secretFile(name+"-file", minimum, usage)
	v.content = strings.TrimSuffix(v.env, "_FILE")
	fromFile := v.set
	v.set = func(file string) error {
		content := s.getenv(v.content)
		switch {
		case content == "":
			return fromFile(file)
		case file != "":
			return fmt.Errorf("$%s is set, too: leave one of them out", v.content)
		case len(content) < minimum:
			return fmt.Errorf("$%s holds %d bytes, needs at least %d", v.content, len(content), minimum)
		}
		*p = []byte(content)
		return nil
	}
	return p
}

// SecretFile defines a flag that names a file. The result is the file's content,
// nil when the flag is empty. The file must have at least minimum bytes.
func (s *Set) SecretFile(name string, minimum int, usage string) *[]byte {
	p, _ := s.secretFile(name, minimum, usage)
	return p
}

func (s *Set) secretFile(name string, minimum int, usage string) (*[]byte, *value) {
	p := new([]byte)
	v := s.add(name, "", usage, func(v string) error {
		if v == "" {
			return nil
		}
		b, err := os.ReadFile(v)
		if err != nil {
			return err
		}
		if len(b) < minimum {
			return fmt.Errorf("%s holds %d bytes, needs at least %d", v, len(b), minimum)
		}
		*p = b
		return nil
	})
	return p, v
}

func parsed[T any](p *T, parse func(string) (T, error), want string) func(string) error {
	return func(v string) (err error) {
		if *p, err = parse(v); err != nil {
			return fmt.Errorf("%q is not %s", v, want)
		}
		return nil
	}
}

// Require adds a problem to those that Parse returns, unless ok. Call it from a
// check given to Parse.
func (s *Set) Require(ok bool, format string, args ...any) {
	if !ok {
		s.problems = append(s.problems, fmt.Errorf(format, args...))
	}
}

// Parse reads args and the environment. It returns flag.ErrHelp after writing
// the help to stdout, or one error with every problem. checks run when all
// values are valid; they may Require what concerns several values.
func (s *Set) Parse(args []string, stdout io.Writer, checks ...func()) error {
	if err := s.flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		s.help(stdout)
		return err
	} else if err != nil {
		s.problems = append(s.problems, err)
	}
	s.Require(s.flags.NArg() == 0, "unexpected arguments: %s", strings.Join(s.flags.Args(), " "))
	for _, v := range s.values {
		given, source := v.given, v.source
		if source == "" {
			given, source = s.getenv(v.env), v.env
		}
		if given == "" && v.source == "" {
			given, source = v.def, "-"+v.name
		}
		if err := v.set(given); err != nil {
			s.problems = append(s.problems, fmt.Errorf("%s: %w", source, err))
		}
	}
	if len(s.problems) == 0 {
		for _, check := range append(s.checks, checks...) {
			check()
		}
	}
	if len(s.problems) > 0 {
		return fmt.Errorf("%s cannot start (see -help):\n%w", s.flags.Name(), errors.Join(s.problems...))
	}
	return nil
}

func (s *Set) help(w io.Writer) {
	fmt.Fprintf(w, "%s\n\nUsage: %s [flags]\n       %[2]s probe URL   succeeds if URL responds with 200, for the health check of a container\n\n", s.about, s.flags.Name())
	for _, v := range s.values {
		fmt.Fprintf(w, "  -%s\n      %s\n      $%s", v.name, v.usage, v.env)
		if v.content != "" {
			fmt.Fprintf(w, ", or its content in $%s", v.content)
		}
		if v.def != "" {
			fmt.Fprintf(w, ", default %s", v.def)
		}
		fmt.Fprintln(w)
	}
}
