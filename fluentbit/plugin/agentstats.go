package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"jari.example/telemetry/names"
)

// agentStats reads statistics from the HTTP server of Fluent Bit, in whose process the
// plugin runs.
type agentStats struct {
	url    string
	client *http.Client
}

func newAgentStats(address string) (*agentStats, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.Host == "" {
		return nil, fmt.Errorf("agent_metrics %q is not of the form http://host:port", address)
	}
	return &agentStats{url: strings.TrimRight(address, "/"), client: &http.Client{Timeout: 3 * time.Second}}, nil
}

// read returns how many records were evicted and how many chunks are in the backlog.
// No counter but dropped_records has the chunks evicted under
// storage.total_limit_size: measured with 5.1.1, of 20,000 records 18,000 were
// evicted, and 18,000 counted.
func (f *agentStats) read(ctx context.Context) (map[string]int64, error) {
	var metrics struct {
		Output map[string]struct {
			Dropped int64 `json:"dropped_records"`
		} `json:"output"`
	}
	var storage struct {
		Layer struct {
			Chunks struct {
				Total int64 `json:"total_chunks"`
			} `json:"chunks"`
		} `json:"storage_layer"`
	}
	if err := errors.Join(f.get(ctx, "/api/v1/metrics", &metrics), f.get(ctx, "/api/v1/storage", &storage)); err != nil {
		return nil, err
	}
	if len(metrics.Output) == 0 {
		return nil, errors.New("no output in Fluent Bit's metrics")
	}
	stats := map[string]int64{names.ShipEvicted: 0, names.ShipBacklogChunks: storage.Layer.Chunks.Total}
	for _, o := range metrics.Output {
		stats[names.ShipEvicted] += o.Dropped
	}
	return stats, nil
}

func (f *agentStats) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url+path, nil)
	if err != nil {
		return err
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return fmt.Errorf("request to Fluent Bit: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("request to Fluent Bit for %s: status %d", path, resp.StatusCode)
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("read the response of Fluent Bit for %s: %w", path, err)
	}
	return nil
}
