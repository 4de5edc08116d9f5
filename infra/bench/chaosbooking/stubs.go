package main

import (
	"encoding/json"
	"net/http"
	"strings"
)

// stubServices stands in for the services user and search, which notification
// calls. They are not tested here, and real ones would take longer.
func stubServices(domain string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /internal/users/{id}", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		locale := "en"
		if strings.ContainsAny(id[:1], "02468ace") {
			locale = "ko"
		}
		writeJSON(w, map[string]any{
			"id": id, "email": id + "@" + domain, "name": "김하나", "locale": locale, "role": "diner", "own": []string{},
		})
	})
	mux.HandleFunc("GET /v1/restaurants/{id}", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		writeJSON(w, map[string]any{"id": id, "name": map[string]string{"ko": "혼돈 " + id, "en": "Chaos " + id}})
	})
	return mux
}

func writeJSON(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}
