package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// probeTimeout is shorter than the timeouts of container health checks.
const probeTimeout = 3 * time.Second

// Probe is the program `probe URL`: it fails unless URL responds with 200. It is for the health
// check of a container whose image has no shell and no other program.
func Probe(ctx context.Context, args []string, _, _ io.Writer) error {
	if len(args) != 1 {
		return errors.New("usage: probe URL")
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, args[0], nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s responds with %s", args[0], res.Status)
	}
	return nil
}
