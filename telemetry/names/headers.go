package names

// Headers of our own. The gateway strips the identity headers a client sends
// and sets its own; a service believes them because only the gateway and its
// siblings can reach it.
const (
	HeaderUserID      = "Jari-User-Id"
	HeaderUserRole    = "Jari-User-Role" // diner, owner or operator
	HeaderUserOwn     = "Jari-User-Own"  // restaurant ids, comma-separated
	HeaderSessionID   = "Jari-Session-Id"
	HeaderAccessToken = "Jari-Access-Token" // in an answer: the renewed token
	HeaderIdempotency = "Idempotency-Key"
	HeaderEventID     = "Jari-Event-Id"    // of a mail: the outbox event it tells of
	HeaderRegion      = "x-region"         // asked for by the page
	HeaderEdgeRegion  = "jari-edge-region" // decided by the edge: an AWS region id; CloudFront forbids x-edge-*
	HeaderCountry     = "cloudfront-viewer-country"
)

// Regions: the launcher's labels and the AWS region ids telemetry carries.
var Regions = map[string]string{"kr": "ap-northeast-2", "us": "us-east-1"}

// Services that emit telemetry, by service.name.
const (
	ServiceGateway      = "gateway"
	ServiceUser         = "user"
	ServiceReservation  = "reservation"
	ServiceSearch       = "search"
	ServiceIndexer      = "indexer"
	ServiceNotification = "notification"
	ServiceAlerting     = "alerting"
)
