package seed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

var client = &http.Client{Timeout: 10 * time.Second}

// patience is for services that are up but not yet well: 503 says "again".
const patience = 15 * time.Second

// call sends in as JSON and decodes the answer into out. A status that is not
// expected is an error that shows the answer; 503 is asked again for a while.
func call(ctx context.Context, method, url, token string, in, out any, expected ...int) (status int, err error) {
	var body []byte
	if in != nil {
		if body, err = json.Marshal(in); err != nil {
			return 0, err
		}
	}
	for deadline := time.Now().Add(patience); ; {
		status, answer, err := once(ctx, method, url, token, body)
		switch {
		case err != nil:
			return 0, err
		case slices.Contains(expected, status):
			if out != nil && status < 300 {
				err = json.Unmarshal(answer, out)
			}
			return status, err
		case status != http.StatusServiceUnavailable || time.Now().After(deadline):
			return status, fmt.Errorf("%s %s: status %d: %s", method, url, status, bytes.TrimSpace(answer))
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return status, ctx.Err()
		}
	}
}

func once(ctx context.Context, method, url, token string, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, answer, err
}
