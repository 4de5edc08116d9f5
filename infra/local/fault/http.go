package fault

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"jari.example/infra/local/launch"
)

// Path is where the launcher's socket serves a Controller.
const Path = "/faults"

// ServeHTTP implements http.Handler:
//
//	GET    Path                    what is on
//	POST   Path                    begins a fault; the body is a Request
//	DELETE Path?fault=X&region=Y   ends it; without fault: all
//
// Each responds with the injections that it is about.
func (c *Controller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var ins []Injection
	var err error
	switch r.Method {
	case http.MethodGet:
		ins = c.List()
	case http.MethodPost:
		var request Request
		if err = json.NewDecoder(r.Body).Decode(&request); err == nil {
			ins, err = c.On(r.Context(), request)
		}
	case http.MethodDelete:
		ins, err = c.Off(r.Context(), r.FormValue("fault"), r.FormValue("region"))
	default:
		http.Error(w, "use GET, POST or DELETE", http.StatusMethodNotAllowed)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(ins)
}

// Client asks the launcher of a system for faults.
type Client struct{ Launcher *launch.Client }

// On begins a fault, and returns it as it began, one for each region.
func (c Client) On(ctx context.Context, r Request) (ins []Injection, err error) {
	return ins, c.Launcher.Call(ctx, http.MethodPost, Path, r, &ins)
}

// Off ends the fault called name, "" for all, in a region, "" for all.
func (c Client) Off(ctx context.Context, name, region string) (ins []Injection, err error) {
	query := url.Values{"fault": {name}, "region": {region}}
	return ins, c.Launcher.Call(ctx, http.MethodDelete, Path+"?"+query.Encode(), nil, &ins)
}

// List returns what is on.
func (c Client) List(ctx context.Context) (ins []Injection, err error) {
	return ins, c.Launcher.Call(ctx, http.MethodGet, Path, nil, &ins)
}
