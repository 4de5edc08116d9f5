package fault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"jari.example/infra/local/launch"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

// agentFaults affect the agent, and what it sends.
var agentFaults = []Fault{
	{
		Name: "agent-disk-full", Percent: 95,
		What: "the agent is restarted with its folder on a volume in memory, of which something else fills a share; " +
			"at 100 % its buffer takes nothing more. At the end what is buffered is lost, but log lines are read again",
		Alerts: []Alert{{Rule: "agent-disk-low"}},
		begin: func(ctx context.Context, t Target, in Injection) (func(context.Context) error, error) {
			dir := t.AgentDir()
			if err := canMount(ctx); err != nil {
				return nil, err
			}
			release, err := t.Change("agent", onFullVolume(dir, in.Percent), "the injected fault "+in.Fault)
			return begun(func(context.Context) error { release(); return nil }, err)
		},
	},
	{
		Name: "agent-buffer-small",
		What: "the agent is restarted with a buffer of 128 KiB, and OpenSearch refuses writes to the indices of spans: " +
			"the agent throws away what has no room",
		Alerts: []Alert{{Rule: "telemetry-evicted"}},
		begin: func(ctx context.Context, t Target, in Injection) (func(context.Context) error, error) {
			end := func(ctx context.Context) error { return writeSpans(ctx, t) }
			if err := ReadOnly(ctx, t.OpenSearchURL(), names.SpanIndex+"*", true); err != nil {
				return end, err
			}
			release, err := t.Change("agent", smallBuffer, "the injected fault "+in.Fault)
			if err != nil {
				return end, err
			}
			return func(ctx context.Context) error { release(); return writeSpans(ctx, t) }, nil
		},
		undo:      func(ctx context.Context, t Target, _ Injection) error { return writeSpans(ctx, t) },
		undoAfter: "opensearch",
	},
	{
		Name: "documents-refused",
		What: "tomorrow's index of log lines has another mapping, and a line of tomorrow that does not fit into it is written every " +
			"second: OpenSearch refuses it for its own fault",
		Alerts: []Alert{{Rule: "dead-letters-growing"}},
		plan: func(_ context.Context, _ Target, in *Injection) error {
			tomorrow := in.Since.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
			if !in.Until.Before(tomorrow) {
				return errors.New("it must end before midnight UTC, since it changes the index of the next day: use a shorter --for")
			}
			in.Undo = map[string]string{"index": names.Daily(names.LogIndex, tomorrow)}
			return nil
		},
		begin: func(ctx context.Context, t Target, in Injection) (func(context.Context) error, error) {
			index := in.Undo["index"]
			end := func(ctx context.Context) error { return RemoveUnused(ctx, t.OpenSearchURL(), index) }
			// Lines that arrived after the end of an earlier one have made the index again.
			if err := errors.Join(end(ctx), Misfit(ctx, t.OpenSearchURL(), index)); err != nil {
				return end, err
			}
			tomorrow := in.Since.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
			stop, err := writeEvery(time.Second, filepath.Join(t.LogDir(), "launcher-refused.log"), func() any {
				return map[string]any{
					names.Time: tomorrow.Format(time.RFC3339Nano), names.Body: "a line of the injected fault " + in.Fault,
					names.RecordUID: uuid.NewString(), names.ServiceName: names.ServiceLauncher, misfit: "not a number",
				}
			})
			if err != nil {
				return end, err
			}
			return func(ctx context.Context) error { stop(); return end(ctx) }, nil
		},
		undo: func(ctx context.Context, t Target, in Injection) error {
			return RemoveUnused(ctx, t.OpenSearchURL(), in.Undo["index"])
		},
		undoAfter: "opensearch",
	},
}

// misfit is the field that Misfit maps to a number; its values are words.
const misfit = names.Job

// smallBuffer changes the agent's command: the variables are those of agent.yaml and
// local.yaml.
func smallBuffer(c launch.Command) launch.Command {
	c.Env = append(c.Env[:len(c.Env):len(c.Env)], "JARI_AGENT_BUFFER=131072", "JARI_AGENT_GIVE_UP=2s")
	return c
}

func writeSpans(ctx context.Context, t Target) error {
	return ReadOnly(ctx, t.OpenSearchURL(), names.SpanIndex+"*", false)
}

// fullVolume runs a program, the arguments from the third on, that sees a folder, the
// first one, on a volume of its own: its content and 128 MiB, of which a share in
// percent, the second one, is filled. The volume ends with the program.
const fullVolume = `set -e
cd "$1"
used=$(du -sk . | cut -f1)
size=$((used + 131072))
mount -t tmpfs -o "size=${size}k,mode=0700" jari "$1"
cp -R . "$1"/
cd "$1"
free=$(df -kP . | tail -n 1 | while read -r _ _ _ free _; do echo "$free"; done)
fill=$((free - size * (100 - $2) / 100))
if [ "$fill" -gt 0 ]; then dd if=/dev/zero of=filler bs=1024 count="$fill" 2>/dev/null || true; fi
shift 2
exec "$@"
`

// inNamespace is a command that runs others where mounts are seen by nobody else. Who is
// not root becomes it there.
func inNamespace(args ...string) []string {
	if os.Geteuid() == 0 {
		return append([]string{"unshare", "--mount"}, args...)
	}
	return append([]string{"unshare", "--map-root-user", "--mount"}, args...)
}

func canMount(ctx context.Context) error {
	args := inNamespace("sh", "-c", "mount -t tmpfs -o size=64k jari /tmp")
	if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("this machine lets nobody mount a volume of one's own (%s): %w %s", args[0], err, out)
	}
	return nil
}

// onFullVolume returns a change of a command: it runs with dir on a full volume.
func onFullVolume(dir string, percent int) func(launch.Command) launch.Command {
	return func(c launch.Command) launch.Command {
		path, err := exec.LookPath("unshare")
		if err != nil {
			path = "unshare" // its start fails, with the reason
		}
		args := inNamespace("sh", "-c", fullVolume, "sh", dir, strconv.Itoa(percent), c.Path)
		c.Path, c.Args = path, append(args[1:], c.Args...)
		return c
	}
}

// writeEvery appends a line of JSON to a file at once and then at each interval, until
// stop is called.
func writeEvery(interval time.Duration, path string, line func() any) (stop func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		defer file.Close()
		for encode := json.NewEncoder(file); ; {
			_ = encode.Encode(line()) // a disk that is full ends with its own fault
			if wait.For(ctx, interval) != nil {
				return
			}
		}
	})
	return func() { cancel(); done.Wait() }, nil
}

// Misfit creates an index of log lines in which a field of words is mapped as a number,
// as if an older template had made it. The index must not exist.
func Misfit(ctx context.Context, server, index string) error {
	_, err := call(ctx, http.MethodPut, server+"/"+index, map[string]any{
		"mappings": map[string]any{"properties": map[string]any{misfit: map[string]any{"type": "long"}}},
	})
	return err
}

// RemoveUnused removes an index of log lines unless there are lines of others than the
// launcher. One that does not exist is no error.
func RemoveUnused(ctx context.Context, server, index string) error {
	_, err := call(ctx, http.MethodPost, server+"/"+index+"/_refresh", nil)
	if missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	text, err := call(ctx, http.MethodPost, server+"/"+index+"/_count", map[string]any{
		"query": map[string]any{"bool": map[string]any{"must_not": map[string]any{"term": map[string]any{names.DocServiceName: names.ServiceLauncher}}}},
	})
	var found struct{ Count int }
	if err == nil {
		err = json.Unmarshal(text, &found)
	}
	if err != nil || found.Count > 0 {
		return err
	}
	_, err = call(ctx, http.MethodDelete, server+"/"+index, nil)
	return err
}
