package crashguard

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"time"

	"jari.example/telemetry/jsonlog"
	"jari.example/telemetry/names"
)

// logCrash reads the pipe until the last process that has its writing end is
// gone. If it has read a crash report by then, it writes that as one line to w.
func logCrash(r io.Reader, w io.Writer) {
	var id jsonlog.Identity
	var report strings.Builder
	for in := bufio.NewReader(r); ; {
		line, err := in.ReadSlice('\n')
		if identity, ok := bytes.CutPrefix(line, []byte(identityMark)); ok {
			_ = json.Unmarshal(identity, &id) // cannot fail: Identify wrote it
		} else if report.Len() < jsonlog.MaxLine {
			report.Write(line) // the rest does not fit into a line, but must be read
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
	}
	if report.Len() == 0 {
		return
	}
	record := slog.NewRecord(time.Now(), jsonlog.LevelFatal, "panic", 0)
	record.AddAttrs(slog.String(names.EventName, names.EventPanic),
		slog.String(names.Exception, summary(report.String())), slog.String(names.Stacktrace, report.String()))
	_ = jsonlog.New(w, id, slog.LevelInfo).Handle(context.Background(), record) // an error could be reported nowhere
}

// summary returns the line of a crash report that describes the crash. Of a fatal
// error the report holds only the stack, since Go writes its message to stderr
// alone; then the summary names the function.
func summary(report string) string {
	lines := strings.Split(report, "\n")
	for _, line := range lines {
		if strings.HasPrefix(line, "panic: ") {
			return line
		}
	}
	if strings.HasPrefix(strings.TrimLeft(report, "\n"), "goroutine ") {
		for _, line := range lines {
			if function, _, isCall := strings.Cut(line, "("); isCall {
				return "fatal error in " + function
			}
		}
	}
	return lines[0]
}
