package spec

// The apiVersions.
const (
	openSLO = "openslo/v1"
	ours    = "jari.example/v1"
)

// ruleKind stands for SLOs and direct alerts together, which share their names.
const ruleKind = "rule"

// documentKind is what is known of the documents of one kind.
type documentKind struct {
	apiVersion string
	schema     string // its file
	names      string // the kind with which it shares names
	add        func(*loader, document) error
}

var kinds = map[string]documentKind{
	"Service": {openSLO, "service.json", "Service", nil},
	"DataSource": {openSLO, "data-source.json", "DataSource", func(l *loader, d document) error {
		return decoded(d, func(p parsed[sourceBody]) { l.sources[d.name] = newSource(p) })
	}},
	"AlertNotificationTarget": {openSLO, "alert-notification-target.json", "AlertNotificationTarget", nil},
	"SLO": {openSLO, "slo.json", ruleKind, func(l *loader, d document) error {
		return decoded(d, func(p parsed[sloBody]) { l.slos = append(l.slos, p) })
	}},
	"BurnRatePolicy": {ours, "burn-rate-policy.json", "BurnRatePolicy", func(l *loader, d document) error {
		return decoded(d, func(p parsed[policyBody]) { l.policies = append(l.policies, p) })
	}},
	"DirectAlert": {ours, "direct-alert.json", ruleKind, func(l *loader, d document) error {
		return decoded(d, func(p parsed[alertBody]) { l.alerts = append(l.alerts, p) })
	}},
	"Vocabulary": {ours, "vocabulary.json", "Vocabulary", func(l *loader, d document) error {
		return decoded(d, func(p parsed[vocabularyBody]) { l.addVocabulary(p) })
	}},
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
		l.problem(d, at("kind"), "%q is unknown; %s", name, oneOf(name, keys(kinds)))
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
		l.problem(d, field, "there is no %s %q; %s", what, name, oneOf(name, keys(l.names[kind])))
	}
	return false
}
