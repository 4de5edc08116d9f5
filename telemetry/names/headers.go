package names

// Our own headers. The gateway removes the identity headers that a client sends
// and sets its own; a service trusts them because only the gateway and other
// services can reach it.
const (
	HeaderUserID      = "Jari-User-Id"
	HeaderUserRole    = "Jari-User-Role"
	HeaderUserOwn     = "Jari-User-Own"
	HeaderSessionID   = "Jari-Session-Id"
	HeaderAccessToken = "Jari-Access-Token"
	HeaderIdempotency = "Idempotency-Key"
	HeaderEventID     = "Jari-Event-Id"
	HeaderRegion      = "x-region"
	HeaderEdgeRegion  = "jari-edge-region"
	HeaderCountry     = "cloudfront-viewer-country"
)

// Header describes a header, for TELEMETRY.md.
type Header struct {
	Name  string
	Brief string
}

// Headers lists all our headers in the order of TELEMETRY.md.
var Headers = []Header{
	{HeaderUserID, "The id of the account that sends the request."},
	{HeaderUserRole, "diner, owner or operator."},
	{HeaderUserOwn, "The ids of the restaurants that the account owns, comma-separated."},
	{HeaderSessionID, "The login session."},
	{HeaderAccessToken, "In a response: the renewed access token."},
	{HeaderIdempotency, "A diner's idempotency key: a repeated key returns the first result."},
	{HeaderEventID, "Of a mail: the id of the outbox event that caused it."},
	{HeaderRegion, "The region that the web page requests."},
	{HeaderEdgeRegion, "The AWS region id that the edge decided on (CloudFront forbids x-edge-*)."},
	{HeaderCountry, "The diner's country, as determined by CloudFront."},
}

// Regions maps the launcher's labels to AWS region ids.
var Regions = map[string]string{"kr": "ap-northeast-2", "us": "us-east-1"}

// The services that emit telemetry: values of service.name.
const (
	ServiceGateway      = "gateway"
	ServiceUser         = "user"
	ServiceReservation  = "reservation"
	ServiceSearch       = "search"
	ServiceIndexer      = "indexer"
	ServiceNotification = "notification"
	ServiceAlerting     = "alerting"
	ServiceWatch        = "alertingwatch"
	ServiceEdge         = "edge"     // only its access log
	ServiceLauncher     = "launcher" // only the faults that the local system's launcher injects
)
