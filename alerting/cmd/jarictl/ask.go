package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"jari.example/alerting/query"
	"jari.example/internal/command"
)

const askAbout = `Asks one named query and prints the answer as a table. Without a name it lists the queries.
The queries are data beside the runbooks; none changes anything.`

// The values of -output.
const (
	asTable = "table"
	asJSON  = "json"
)

func outputFlag(f *flag.FlagSet) *string {
	output := asTable
	f.Func("output", "`format`: table or json (default table)", func(text string) error {
		if text != asTable && text != asJSON {
			return errors.New("must be table or json")
		}
		output = text
		return nil
	})
	return &output
}

func askCommand(ctx context.Context, e env, args []string) error {
	flags := newFlags("ask", askAbout)
	client, folder, output := addressFlags(flags, e.getenv), folderFlag(flags), outputFlag(flags)
	show := flags.Bool("show", false, "print the raw request, as a command to paste, instead of sending it")
	var o query.Options
	o.Define(flags)
	rest, err := command.ParseFlags(flags, args, e.stdout)
	if err != nil {
		return err
	}
	set, err := query.Load(folder())
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		return e.queries(set, *output)
	}
	name, err := oneName(rest, "query")
	if err != nil {
		return err
	}
	q, err := set.Find(name)
	if err == nil {
		err = q.Check(o)
	}
	if err != nil {
		return command.UsageError{Err: err}
	}
	c, err := client()
	if err != nil {
		return err
	}
	if *show {
		text, err := c.Show(q, o)
		if err == nil {
			fmt.Fprint(e.stdout, text)
		}
		return err
	}
	answer, err := c.Ask(ctx, q, o)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if *output == asJSON {
		return writeJSON(e.stdout, newAnswer(q, o, answer))
	}
	writeTable(e.stdout, "", answer, time.Now())
	return nil
}

// queries lists the queries.
func (e env) queries(set query.Set, output string) error {
	type entry struct {
		Name     string `json:"name"`
		Question string `json:"question"`
		Since    string `json:"since,omitempty"`
	}
	var all []entry
	for _, name := range set.Names() {
		q := set[name]
		all = append(all, entry{q.Name, q.Question, short(time.Duration(q.Since))})
	}
	return writeList(e.stdout, output, all, []string{"NAME", "SINCE", "QUESTION"}, func(q entry) []string {
		return []string{q.Name, q.Since, q.Question}
	})
}
