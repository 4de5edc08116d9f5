package runbook

import (
	"strings"
	"testing"
	"testing/fstest"

	"jari.example/alerting/slo"
	"jari.example/alerting/slos"
	"jari.example/alerting/spec"
	"jari.example/runbooks"
)

func TestEveryRuleHasARunbookAndEveryRunbookARule(t *testing.T) {
	set, err := spec.Load(slos.Files)
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(set, runbooks.Files); err != nil {
		t.Error(err)
	}
}

const page = `# booking: Bookings fail

What is measured.

## What the diner feels

They wait.

## First minute

Acknowledge.

## Diagnosis

### Step 1: Does it still happen?

` + "```sh\njarictl ask results --since 10m\n```" + `

For people: the status of each.

- ` + "`some status >= 500 and region = kr`: **YES, IN KR**: the database, step 2." + `
- ` + "`some status >= 500`" + `: **YES**: the last
  release, mitigation 2.
- ` + "`otherwise`: **NO**: all of them succeed." + `

### Step 2: Does the database accept connections?

` + "```sh\njarictl ask open\n```" + `

- ` + "`some accepts = no`: **NO**: the database was closed, see mitigation 1." + `
- ` + "`no answer`: **NO**: it is down, see mitigation 2 of [silent](silent.md)." + `
- ` + "`otherwise`: **YES**: all accept them." + `

## Mitigation

### Mitigation 1: Open it

In psql. As [here](#first-minute) and in [the web](https://example.com/none).

- **Cost**: none.
- **Undo**: close it.

### Mitigation 2: Roll back

- **Cost**: the release.
- **Undo**: release it.

## Escalation

Page the owner.

## Afterwards

Step 1 says NO.
`

const resultsQuery = `name: results
question: Which status?
since: 5m
set: {route: /x}
search:
  documents: logs
  where: [{field: event.name, is: http.access}, {field: service.name, is: gateway}]
  group: {region: cloud.region, status: http.response.status_code}
  values: {requests: count}
`

const openQuery = `name: open
question: Are they open?
sql:
  columns: [name, accepts]
  statement: select datname as name, datallowconn as accepts from pg_database
`

// folder is a folder of runbooks with two pages, in which old is replaced by new in one of
// its files.
func folder(file, old, new string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"booking.md": page, "silent.md": page, "template.md": "# A template",
		"queries/results.yaml": resultsQuery, "queries/open.yaml": openQuery,
	} {
		if name == file {
			text = strings.Replace(text, old, new, 1)
		}
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

var twoPages = slo.Set{
	SLOs:   []slo.SLO{{Rule: slo.Rule{Name: "booking", Runbook: "booking"}}},
	Alerts: []slo.Alert{{Rule: slo.Rule{Name: "silent-kr", Runbook: "silent"}}, {Rule: slo.Rule{Name: "silent-us", Runbook: "silent"}}},
}

func TestRulesMayShareAPageAndTheTemplateIsNoPage(t *testing.T) {
	if err := Check(twoPages, folder("", "", "")); err != nil {
		t.Error(err)
	}
}

// The negative controls: each rule of the lint, broken once.
func TestRuleOfTheLintDetectsItsMistake(t *testing.T) {
	for _, tc := range []struct{ why, file, from, to, want string }{
		{"no such section", "booking.md", "## Afterwards", "## Later", `use ["What the diner feels"`},
		{"sections in another order", "booking.md", "## Escalation", "## Mitigation", "has the sections"},
		{"an empty section", "booking.md", "Acknowledge.", "", `the section "First minute" is empty`},
		{"nothing measured", "booking.md", "What is measured.", "", "text before the first section"},
		{"no title", "booking.md", "# booking: Bookings fail", "", "needs a title"},
		{"a heading that is no step", "booking.md", "### Step 2: Does", "### Does", `write "### Step 2: …?"`},
		{"a question without a mark", "booking.md", "happen?", "happen", `is no step; write "### Step 1: …?"`},
		{"a wrong number", "booking.md", "### Step 2:", "### Step 3:", "step 3 is where step 2 should be"},
		{"no command", "booking.md", "```sh\njarictl ask open\n```", "", `step 2: the command "" is not one "jarictl ask NAME"`},
		{"two commands", "booking.md", "For people", "```sh\njarictl ask open\n```\n\nFor people", "step 1 has two commands"},
		{"another program", "booking.md", "jarictl ask open", "psql -c 'select 1'", `is not one "jarictl ask NAME"`},
		{"an unknown query", "booking.md", "ask open", "ask opne", `there is no query "opne"; did you mean open?`},
		{"an unknown flag", "booking.md", "--since 10m", "--sicne 10m", "flag provided but not defined"},
		{"an unknown value to set", "booking.md", "--since 10m", "--set rout=/y", "did you mean route?"},
		{"a duration that is none", "booking.md", "--since 10m", "--since soon", "is not a duration"},
		{"more than a name", "booking.md", "--since 10m", "results", "[results]"},
		{"no expectation", "booking.md", "`some accepts = no`", "closed", "does not begin with an expectation"},
		{"an expectation that is none", "booking.md", "some accepts = no", "any accepts = no", "begin with some, every or no"},
		{"an unknown column", "booking.md", "some accepts", "some accept", `there is no column "accept"; the query has name, accepts`},
		{"no answer in bold", "booking.md", "**NO**: the database", "NO: the database", "has no answer with a meaning"},
		{"no meaning", "booking.md", "**YES**: all accept them.", "**YES**", "has no answer with a meaning"},
		{"not otherwise at the end", "booking.md", "`otherwise`: **NO**", "`no rows`: **NO**", "the last expectation, and only"},
		{"otherwise before the end", "booking.md", "some accepts = no", "otherwise", "the last expectation, and only that, is `otherwise`"},
		{"no good case", "booking.md", "all of them succeed", "step 2", "has no expectation for the good case"},
		{"an unknown mitigation", "booking.md", "see mitigation 1", "see mitigation 3", "refers to mitigation 3, but there are 2"},
		{"an unknown step", "booking.md", "the database, step 2", "the database, steps 2 and 7", "refers to step 7, but there are 2"},
		{"an unknown mitigation of a page", "booking.md", "mitigation 2 of", "mitigation 9 of", "mitigation 9 of silent, but there are 2"},
		{"a reference to no page", "booking.md", "of [silent](silent.md)", "of [none](none.md)", "there is no such page"},
		{"a link to no page", "booking.md", "Page the owner", "Page [them](nobody.md)", "the link to nobody.md leads nowhere"},
		{"a link out of the folder", "booking.md", "Page the owner", "Page [them](../nobody.md)", "leads nowhere"},
		{"a link to no heading", "booking.md", "(#first-minute)", "(#second-minute)", "leads to no heading"},
		{"a link to no heading of a page", "booking.md", "(#first-minute)", "(silent.md#second-minute)", "leads to no heading"},
		{"no cost", "booking.md", "**Cost**: none", "none", "mitigation 1 does not say **Cost**:"},
		{"no undo", "booking.md", "**Undo**: release it", "release it", "mitigation 2 does not say **Undo**:"},
		{"a heading that is no mitigation", "booking.md", "### Mitigation 1: Open", "### Open", `write "### Mitigation 1: …"`},
		{"a mitigation that nothing leads to", "booking.md", "release, mitigation 2.", "release.", "nothing refers to mitigation 2"},
		{"a query in the text that does not exist", "booking.md", "Page the owner", "Run `jarictl ask nothing`", `there is no query "nothing"`},
		{"a field that does not exist", "queries/results.yaml", "cloud.region", "cloud.regoin",
			`queries/results.yaml: "cloud.regoin" is no field of logs in telemetry/names`},
		{"a query that changes something", "queries/open.yaml", "select datname", "drop datname", "is no SELECT"},
	} {
		err := Check(twoPages, folder(tc.file, tc.from, tc.to))
		if !strings.Contains(page+resultsQuery+openQuery, tc.from) {
			t.Fatalf("%s: %q is not on the page", tc.why, tc.from)
		}
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", tc.why, err, tc.want)
		}
	}
}

func TestRulesAndPagesAreComparedBothWays(t *testing.T) {
	unasked := folder("", "", "")
	unasked["queries/more.yaml"] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(openQuery, "open", "more"))}
	without := folder("", "", "")
	delete(without, "silent.md")
	without["quiet.md"] = &fstest.MapFile{Data: []byte(page)}
	for want, files := range map[string]fstest.MapFS{
		"queries/more.yaml: no runbook asks it":                                     unasked,
		"silent-us has no runbook: copy runbooks/template.md to runbooks/silent.md": without,
		"runbooks/quiet.md belongs to no SLO and no alert":                          without,
		"there are no runbooks":                                                     {},
	} {
		if err := Check(twoPages, files); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestACopyOfTheTemplateIsAPage(t *testing.T) {
	book, err := Load(runbooks.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range book.checkPage(book.Pages[template], runbooks.Files) {
		t.Error(err)
	}
}
