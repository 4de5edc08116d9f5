package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"jari.example/alerting/runbook"
	"jari.example/alerting/slo"
	"jari.example/alerting/slos"
	"jari.example/alerting/spec"
	"jari.example/internal/command"
	"jari.example/runbooks"
)

func listCommand(_ context.Context, e env, args []string) error {
	flags := newFlags("runbook list", "Lists the runbooks with the headline of each.")
	folder, output := folderFlag(flags), outputFlag(flags)
	rest, err := command.ParseFlags(flags, args, e.stdout)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return command.Usagef("takes no arguments, got %d", len(rest))
	}
	book, err := runbook.Load(folder())
	if err != nil {
		return err
	}
	type entry struct {
		Name  string `json:"name"`
		Title string `json:"title"`
		Steps int    `json:"steps"`
	}
	var all []entry
	for _, name := range book.Names() {
		p := book.Pages[name]
		all = append(all, entry{name, p.Title, len(p.Steps)})
	}
	return writeList(e.stdout, *output, all, []string{"NAME", "STEPS", "TITLE"}, func(p entry) []string {
		return []string{p.Name, strconv.Itoa(p.Steps), p.Title}
	})
}

func showCommand(_ context.Context, e env, args []string) error {
	flags := newFlags("runbook show", "Prints the text of a runbook.")
	folder := folderFlag(flags)
	rest, err := command.ParseFlags(flags, args, e.stdout)
	if err != nil {
		return err
	}
	_, page, err := find(folder, rest)
	if err == nil {
		fmt.Fprint(e.stdout, page.Text)
	}
	return err
}

const lintAbout = `Checks the runbooks and queries of a directory; without one, those that are built in. Every rule
has a page and every page a rule; every step asks an existing query, whose fields are in
telemetry/names, and says what each answer means; every link, step and mitigation that a page
refers to exists. It prints each problem, and asks no system.`

func lintCommand(_ context.Context, e env, args []string) error {
	flags := newFlags("runbook lint", lintAbout)
	rules := flags.String("slos", "", "`directory` of the objectives; empty: those that are built in")
	rest, err := command.ParseFlags(flags, args, e.stdout)
	if err != nil {
		return err
	}
	if len(rest) > 1 {
		return command.Usagef("needs at most one directory, got %d", len(rest))
	}
	var files fs.FS = runbooks.Files
	if len(rest) == 1 {
		if info, err := os.Stat(rest[0]); err != nil || !info.IsDir() {
			return command.Usagef("%s is no directory", rest[0])
		}
		files = os.DirFS(rest[0])
	}
	set, err := loadRules(*rules)
	if err != nil {
		return err
	}
	if err := runbook.Check(set, files); err != nil {
		fmt.Fprintln(e.stdout, err)
		return command.ErrReported
	}
	book, err := runbook.Load(files)
	if err == nil {
		fmt.Fprintf(e.stdout, "no problems: %d runbooks, %d queries\n", len(book.Names()), len(book.Queries))
	}
	return err
}

func loadRules(dir string) (slo.Set, error) {
	if dir == "" {
		return spec.Load(slos.Files)
	}
	return spec.Load(os.DirFS(dir))
}
