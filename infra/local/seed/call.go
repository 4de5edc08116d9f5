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

	"jari.example/internal/wait"
)

var client = &http.Client{Timeout: 10 * time.Second}

// retryFor is how long a 503 is retried: a service may have started but not yet
// reach its database.
const retryFor = 15 * time.Second

// Call sends in as JSON, with a token unless that is "", and decodes a successful response
// into out. An unexpected status is an error that contains the response; 503 is retried for
// 15 s.
func Call(ctx context.Context, method, url, token string, in, out any, expected ...int) (status int, err error) {
	var body []byte
	if in != nil {
		if body, err = json.Marshal(in); err != nil {
			return 0, err
		}
	}
	for deadline := time.Now().Add(retryFor); ; {
		status, response, err := once(ctx, method, url, token, body)
		switch {
		case err != nil:
			return 0, err
		case slices.Contains(expected, status):
			if out != nil && status < 300 {
				err = json.Unmarshal(response, out)
			}
			return status, err
		case status != http.StatusServiceUnavailable || time.Now().After(deadline):
			return status, fmt.Errorf("%s %s: status %d: %s", method, url, status, bytes.TrimSpace(response))
		}
		if err := wait.For(ctx, 200*time.Millisecond); err != nil {
			return status, err
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
	response, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, response, err
}
