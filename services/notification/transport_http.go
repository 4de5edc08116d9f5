package notification

import (
	"log/slog"
	"net/http"

	"jari.example/services/internal/httpjson"
)

// NewRoutes returns the service's routes.
func NewRoutes(e Endpoints, logger *slog.Logger) *httpjson.Routes {
	rs := httpjson.NewRoutes(logger)
	httpjson.Handle(rs, "POST /internal/events", e.Accept, httpjson.Body[Event], http.StatusAccepted)
	httpjson.Handle(rs, "POST /internal/undeliverable", e.Undeliverable, httpjson.Body[UndeliverableRequest], http.StatusOK)
	return rs
}
