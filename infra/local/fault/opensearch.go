package fault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// ReadOnly blocks writes to the indices of a pattern, or allows them again. OpenSearch
// sets such a block itself when its disk is nearly full; that one it also removes by
// itself, so another one is used. An index that is created later is not blocked.
func ReadOnly(ctx context.Context, server, pattern string, on bool) error {
	var blocked any // null: the default, which is no block
	if on {
		blocked = true
	}
	query := url.Values{"expand_wildcards": {"open,hidden"}, "allow_no_indices": {"true"}, "ignore_unavailable": {"true"}}
	_, err := call(ctx, http.MethodPut, server+"/"+pattern+"/_settings?"+query.Encode(), map[string]any{"index.blocks.write": blocked})
	return err
}

// refusal is a response of OpenSearch that is not 200.
type refusal struct {
	status int
	text   []byte
}

func (r *refusal) Error() string {
	return fmt.Sprintf("OpenSearch responds with %d: %s", r.status, r.text)
}

// missing reports whether OpenSearch has no such index.
func missing(err error) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && r.status == http.StatusNotFound
}

// call sends a request to OpenSearch, and returns its response of 200.
func call(ctx context.Context, method, url string, body any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err = io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err == nil && res.StatusCode != http.StatusOK {
		err = &refusal{res.StatusCode, text}
	}
	return text, err
}
