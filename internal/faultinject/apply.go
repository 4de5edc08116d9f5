package faultinject

import (
	"context"
	"encoding/json"
	"log/slog"

	"jari.example/internal/flags"
	"jari.example/telemetry/names"
)

// apply makes the flags of a file that has changed take effect, and logs each change.
func (i *Injector) apply(ctx context.Context, file *flags.File) {
	var r rules
	on := false
	for key, target := range map[string]**routeRule{RouteErrors: &r.errors, RouteDelay: &r.delay, RoutePanics: &r.panics} {
		rule := &routeRule{key: key}
		if rule.variant, _ = evaluate(ctx, i, file, key, &rule.Route); rule.variant != "" {
			*target, on = rule, true
		}
	}
	var w Worker
	if variant, _ := evaluate(ctx, i, file, WorkerStopped, &w); variant != "" {
		r.worker, on = w.Worker, true
	}
	var p Pool
	if variant, _ := evaluate(ctx, i, file, PoolBusy, &p); variant != "" {
		r.pool, on = &p, true
	}
	if on {
		i.set(&r)
	} else {
		i.set(nil)
	}
	for _, key := range []string{MemoryLeak, GoroutineLeak, LogFlood} {
		var l Leak
		switch variant, changed := evaluate(ctx, i, file, key, &l); {
		case !changed: // what it has leaked stays when another flag changes
		case variant == "":
			i.grow(key, nil)
		default:
			i.grow(key, &l)
		}
	}
}

// evaluate reads a flag into out, and logs if it has changed. A value that cannot be
// used counts as off: variant is "".
func evaluate(ctx context.Context, i *Injector, file *flags.File, key string, out any) (variant string, changed bool) {
	variant, err := file.Evaluate(ctx, key, out)
	if err != nil {
		i.logger.Error("feature flag refused", names.FlagKey, key, names.Exception, err.Error())
		variant = ""
	}
	value := ""
	if variant != "" {
		text, _ := json.Marshal(out) // of the types above, which cannot fail
		value = variant + " " + string(text)
	}
	before := i.values[key]
	if value == before {
		return variant, false
	}
	i.values[key] = value
	shown := variant
	if shown == "" {
		shown = "off"
	}
	i.logger.LogAttrs(ctx, slog.LevelWarn, "feature flag "+key+" is "+shown,
		slog.String(names.EventName, names.EventFlagChanged), slog.String(names.FlagKey, key),
		slog.String(names.FlagVariant, shown), slog.String(names.FlagProvider, flags.Provider))
	return variant, true
}
