package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jari.example/internal/wait"
)

func logs(ctx context.Context, e env, args []string) error {
	fs, dirFlag := e.systemFlags("logs",
		"[flags] NAME\n  NAME is a part (reservation-kr), a service in all regions (reservation), or launcher")
	follow := fs.Bool("f", false, "follow: print new lines until Ctrl-C")
	last := fs.Int("n", 200, "start with this many lines from the end of each file")
	if err := fs.Parse(args); err != nil {
		return err
	}
	_, dir, err := locate(*dirFlag)
	if err != nil {
		return err
	}
	if fs.NArg() != 1 {
		return fmt.Errorf("give the name of one log: %s", strings.Join(logNames(dir), ", "))
	}
	files := logFiles(dir, fs.Arg(0))
	if len(files) == 0 {
		return fmt.Errorf("there is no log of %q; the logs are: %s", fs.Arg(0), strings.Join(logNames(dir), ", "))
	}
	var tails []*tail
	for _, path := range files {
		t := &tail{path: path}
		if len(files) > 1 {
			t.prefix = strings.TrimSuffix(filepath.Base(path), ".log") + " | "
		}
		if err := t.open(*last); err != nil {
			return err
		}
		defer t.file.Close()
		tails = append(tails, t)
	}
	for {
		for _, t := range tails {
			if err := t.copy(e.stdout); err != nil {
				return err
			}
		}
		if !*follow || wait.For(ctx, 200*time.Millisecond) != nil {
			return nil
		}
	}
}

// logFiles are the files of a part, or of a service in every region. Empty .err
// files are left out.
func logFiles(dir, name string) (files []string) {
	for _, pattern := range []string{name + ".log", name + ".err", name + "-??.log", name + "-??.err"} {
		found, _ := filepath.Glob(filepath.Join(dir, "log", pattern))
		for _, path := range found {
			if st, err := os.Stat(path); err == nil && (st.Size() > 0 || strings.HasSuffix(path, ".log")) {
				files = append(files, path)
			}
		}
	}
	return files
}

func logNames(dir string) (names []string) {
	found, _ := filepath.Glob(filepath.Join(dir, "log", "*.log"))
	for _, path := range found {
		names = append(names, strings.TrimSuffix(filepath.Base(path), ".log"))
	}
	slices.Sort(names)
	return names
}

// tail prints whole lines of a growing file.
type tail struct {
	path, prefix string
	file         *os.File
	rest         []byte
}

// open seeks to the last n lines of the file.
func (t *tail) open(n int) (err error) {
	if t.file, err = os.Open(t.path); err != nil {
		return err
	}
	text, err := io.ReadAll(t.file)
	if err != nil {
		return err
	}
	at := len(text)
	for lines := 0; at > 0; at-- {
		if text[at-1] == '\n' {
			if lines++; lines > n {
				break
			}
		}
	}
	_, err = t.file.Seek(int64(at), io.SeekStart)
	return err
}

func (t *tail) copy(out io.Writer) error {
	fresh, err := io.ReadAll(t.file)
	if err != nil {
		return err
	}
	t.rest = append(t.rest, fresh...)
	for {
		line, rest, whole := bytes.Cut(t.rest, []byte("\n"))
		if !whole {
			return nil
		}
		t.rest = rest
		if _, err := fmt.Fprintf(out, "%s%s\n", t.prefix, line); err != nil {
			return err
		}
	}
}
