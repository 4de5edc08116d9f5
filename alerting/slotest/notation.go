package slotest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// maxMinutes limits a series to 90 days, so that a mistyped repetition ends as a
// message.
const maxMinutes = 90 * 24 * 60

var errTooLong = errors.New("it is longer than 90 days")

// Minutes is the number of events in each minute, written as "50x60 (0x39 5)x3".
type Minutes []int64

// UnmarshalYAML implements yaml.Unmarshaler.
func (m *Minutes) UnmarshalYAML(node *yaml.Node) error {
	return parsed(node, m, parseMinutes)
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (d *Duration) UnmarshalYAML(node *yaml.Node) error {
	return parsed(node, d, func(s string) (Duration, error) {
		t, err := parseDuration(s)
		return Duration(t), err
	})
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (p *Period) UnmarshalYAML(node *yaml.Node) error { return parsed(node, p, parsePeriod) }

// parsed sets into to what parse makes of the text of node.
func parsed[T any](node *yaml.Node, into *T, parse func(string) (T, error)) (err error) {
	if node.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: is not a text; write one, as in the example", node.Line)
	}
	if *into, err = parse(node.Value); err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	return nil
}

// parseDuration is time.ParseDuration with days and for whole minutes only.
func parseDuration(s string) (time.Duration, error) {
	days, rest, found := strings.Cut(s, "d")
	if !found {
		days, rest = "0", s
	} else if rest == "" {
		rest = "0"
	}
	n, err := strconv.Atoi(days)
	d, err2 := time.ParseDuration(rest)
	d += time.Duration(n) * 24 * time.Hour
	if err != nil || err2 != nil || d < 0 || d%time.Minute != 0 || d > maxMinutes*time.Minute {
		return 0, fmt.Errorf("%q is not a time in whole minutes below 90 days; write one such as 14m, 2h20m or 3d", s)
	}
	return d, nil
}

func parsePeriod(s string) (p Period, err error) {
	if s == "all" {
		return Period{All: true}, nil
	}
	from, to, found := strings.Cut(s, "-")
	if found {
		if p.From, err = parseDuration(from); err != nil {
			return p, err
		}
		if p.To, err = parseDuration(to); err != nil {
			return p, err
		}
	}
	if !found || p.From >= p.To {
		return p, fmt.Errorf("%q is not a period; write one such as 10m-1h30m, or all", s)
	}
	return p, nil
}

// contains reports whether the minute that ends at the time since the start of
// the test lies in the period.
func (p Period) contains(end time.Duration) bool { return p.All || p.From < end && end <= p.To }

func parseMinutes(s string) (Minutes, error) {
	p := minutesParser{rest: s}
	m, err := p.sequence()
	if err == nil && p.rest != "" {
		err = fmt.Errorf("there is no ( for the ) before %q", p.rest)
	}
	if err != nil {
		return nil, fmt.Errorf("%q: %w; write numbers such as 50x60 (0x39 5)x3", s, err)
	}
	return m, nil
}

// minutesParser reads
//
//	sequence = item { " " item }
//	item     = ( number | "(" sequence ")" ) [ "x" number ]
type minutesParser struct{ rest string }

func (p *minutesParser) sequence() (all Minutes, err error) {
	for {
		p.rest = strings.TrimLeft(p.rest, " ")
		if p.rest == "" || p.rest[0] == ')' {
			return all, nil
		}
		item, err := p.item()
		if err != nil {
			return nil, err
		}
		if all = append(all, item...); len(all) > maxMinutes {
			return nil, errTooLong
		}
	}
}

func (p *minutesParser) item() (Minutes, error) {
	var one Minutes
	if rest, group := strings.CutPrefix(p.rest, "("); group {
		p.rest = rest
		inner, err := p.sequence()
		if err != nil {
			return nil, err
		}
		if p.rest == "" {
			return nil, errors.New("a ) is missing")
		}
		p.rest, one = p.rest[1:], inner
	} else {
		n, err := p.number()
		if err != nil {
			return nil, err
		}
		one = Minutes{n}
	}
	times := int64(1)
	if rest, repeated := strings.CutPrefix(p.rest, "x"); repeated {
		p.rest = rest
		n, err := p.number()
		if err != nil {
			return nil, err
		}
		times = n
	}
	if p.rest != "" && p.rest[0] != ' ' && p.rest[0] != ')' {
		return nil, fmt.Errorf("there is no space before %q", p.rest)
	}
	if times*int64(len(one)) > maxMinutes {
		return nil, errTooLong
	}
	var all Minutes
	for range times {
		all = append(all, one...)
	}
	return all, nil
}

func (p *minutesParser) number() (int64, error) {
	digits := p.rest[:len(p.rest)-len(strings.TrimLeft(p.rest, "0123456789"))]
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("a number is missing or too large at %q", p.rest)
	}
	p.rest = p.rest[len(digits):]
	return n, nil
}
