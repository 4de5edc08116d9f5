package spec

import (
	"maps"
	"slices"

	"jari.example/alerting/nearest"
)

// The apiVersions.
const (
	openSLO = "openslo/v1"
	ours    = "jari.example/v1"
)

// ruleKind stands for SLOs and direct alerts together, which share their names.
const ruleKind = "rule"

// A directory of objectives has other kinds than one that says who is on call.
type directory string

const (
	objectives directory = "-slo-dir"
	onCall     directory = "-on-call-dir"
)

// documentKind is what is known of the documents of one kind.
type documentKind struct {
	in         directory
	apiVersion string
	schema     string // its file
	names      string // the kind with which it shares names
	add        func(*loader, document) error
}

var kinds = map[string]documentKind{
	"Service": {objectives, openSLO, "service.json", "Service", nil},
	"DataSource": {objectives, openSLO, "data-source.json", "DataSource", func(l *loader, d document) error {
		return decoded(d, l.addSource)
	}},
	"AlertNotificationTarget": {objectives, openSLO, "alert-notification-target.json", "AlertNotificationTarget", nil},
	"SLO": {objectives, openSLO, "slo.json", ruleKind, func(l *loader, d document) error {
		return decoded(d, func(p parsed[sloBody]) { l.slos = append(l.slos, p) })
	}},
	"BurnRatePolicy": {objectives, ours, "burn-rate-policy.json", "BurnRatePolicy", func(l *loader, d document) error {
		return decoded(d, func(p parsed[policyBody]) { l.policies = append(l.policies, p) })
	}},
	"DirectAlert": {objectives, ours, "direct-alert.json", ruleKind, func(l *loader, d document) error {
		return decoded(d, func(p parsed[alertBody]) { l.alerts = append(l.alerts, p) })
	}},
	"Vocabulary": {objectives, ours, "vocabulary.json", "Vocabulary", func(l *loader, d document) error {
		return decoded(d, func(p parsed[vocabularyBody]) { l.addVocabulary(p) })
	}},
	"OnCallRota": {onCall, ours, "on-call-rota.json", "OnCallRota", func(l *loader, d document) error {
		return decoded(d, func(p parsed[rotaBody]) { l.rotas = append(l.rotas, p) })
	}},
	"MaintenanceWindow": {onCall, ours, "maintenance-window.json", "MaintenanceWindow", func(l *loader, d document) error {
		return decoded(d, func(p parsed[windowBody]) { l.windows = append(l.windows, p) })
	}},
}

// kindsIn returns the sorted names of the kinds that a directory has.
func kindsIn(dir directory) []string {
	return slices.DeleteFunc(keys(kinds), func(name string) bool { return kinds[name].in != dir })
}

func decoded[T any](d document, use func(parsed[T])) error {
	p := parsed[T]{document: d}
	if err := d.node.Decode(&p.body); err != nil {
		return err
	}
	use(p)
	return nil
}

// add checks a document's kind, name and schema, and keeps it.
func (l *loader) add(d document) {
	_, kindNode := member(d.node, "kind")
	_, versionNode := member(d.node, "apiVersion")
	name, version := text(kindNode), text(versionNode)
	k, ok := kinds[name]
	switch {
	case !ok:
		l.unreadable = true
		l.problem(d, at("kind"), "%q is unknown; %s", name, nearest.OneOf(name, kindsIn(l.dir)))
		return
	case k.in != l.dir:
		l.unreadable = true
		l.problem(d, at("kind"), "%s does not belong here; move it to the directory of %s", name, k.in)
		return
	case version != k.apiVersion:
		l.unreadable = true
		l.problem(d, at("apiVersion"), "%q has no kind %s; write %s", version, name, k.apiVersion)
		return
	}
	if first, ok := l.names[k.names][d.name]; ok {
		l.problem(d, at("metadata", "name"), "%q is already the name of a document in %s:%d; choose another name",
			d.name, first.file, first.line(at("metadata", "name")))
		return
	}
	if d.name != "" {
		if l.names[k.names] == nil {
			l.names[k.names] = map[string]document{}
		}
		l.names[k.names][d.name] = d
	}
	keepTimes(d.node)
	var value any
	if err := d.node.Decode(&value); err != nil {
		l.yamlProblems(d.file, err)
		return
	}
	if found := validate(k.schema, d, jsonValue(value)); len(found) > 0 {
		l.lostPolicy = l.lostPolicy || name == "BurnRatePolicy"
		l.problems = append(l.problems, found...)
		return
	}
	if k.add == nil {
		return
	}
	if err := k.add(l, d); err != nil {
		l.yamlProblems(d.file, err)
	}
}

// known reports whether a name is that of a document of the kind. If not, it adds
// the problem.
func (l *loader) known(d document, field path, kind, name string) bool {
	if _, ok := l.names[kind][name]; ok {
		return true
	}
	if l.unreadable {
		return false
	}
	what := kind
	if kind == ruleKind {
		what = "SLO or DirectAlert"
	}
	if len(l.names[kind]) == 0 {
		l.problem(d, field, "there is no %s %q; add a document of this kind with that metadata.name", what, name)
	} else {
		l.problem(d, field, "there is no %s %q; %s", what, name, nearest.OneOf(name, keys(l.names[kind])))
	}
	return false
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
