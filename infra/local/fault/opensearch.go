package fault

import (
	"bytes"
	"context"
	"encoding/json"
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
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var blocked any // null: the default, which is no block
	if on {
		blocked = true
	}
	body, err := json.Marshal(map[string]any{"index.blocks.write": blocked})
	if err != nil {
		return err
	}
	query := url.Values{"expand_wildcards": {"open,hidden"}, "allow_no_indices": {"true"}, "ignore_unavailable": {"true"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, server+"/"+pattern+"/_settings?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if text, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10)); res.StatusCode != http.StatusOK {
		return fmt.Errorf("OpenSearch responds with %s: %s", res.Status, text)
	}
	return nil
}
