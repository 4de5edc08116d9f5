package query

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"jari.example/alerting/nearest"
	"jari.example/telemetry/names"
)

// Options are what a caller chooses.
type Options struct {
	Since  time.Duration     // 0: the query's own
	Region string            // a key of names.Regions; "": all
	Set    map[string]string // values in place of the query's own
}

// Check returns an error if o sets what the query does not have, or to what cannot be.
func (q Query) Check(o Options) error {
	if len(o.Set) == 0 {
		return nil
	}
	for name := range o.Set {
		if _, known := q.Set[name]; !known {
			return fmt.Errorf("%s has no value %q to set; %s", q.Name, name, nearest.OneOf(name, slices.Sorted(maps.Keys(q.Set))))
		}
	}
	q.Set = q.values(o)
	return q.check()
}

// values are those of Set, with the caller's in place of the query's.
func (q Query) values(o Options) map[string]string {
	values := maps.Clone(q.Set)
	maps.Copy(values, o.Set)
	return values
}

// Define defines the flags of the options.
func (o *Options) Define(f *flag.FlagSet) {
	o.DefineScope(f)
	f.Func("set", "`name=value` in place of a value that the query has", func(text string) error {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return fmt.Errorf("is not name=value")
		}
		if o.Set == nil {
			o.Set = map[string]string{}
		}
		o.Set[name] = value
		return nil
	})
}

// DefineScope defines the flags of Since and Region.
func (o *Options) DefineScope(f *flag.FlagSet) {
	f.Func("since", "how far to look back, a `duration` such as 15m; default: the query's own", func(text string) (err error) {
		if o.Since, err = time.ParseDuration(text); err != nil || o.Since < time.Second {
			return fmt.Errorf("is not a duration of at least 1s, such as 15m")
		}
		return nil
	})
	regions := nearest.Either(Regions(""))
	f.Func("region", "only this `region`: "+regions, func(text string) error {
		if _, known := names.Regions[text]; !known {
			return fmt.Errorf("must be %s", regions)
		}
		o.Region = text
		return nil
	})
}
