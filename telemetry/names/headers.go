package names

// Headers of our own. The gateway strips the identity headers a client sends
// and sets its own; a service believes them because only the gateway and its
// siblings can reach it.
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

// Headers is every header of ours, in the order TELEMETRY.md lists them.
var Headers = []Header{
	{HeaderUserID, "Who asks: the account's id."},
	{HeaderUserRole, "diner, owner or operator."},
	{HeaderUserOwn, "The restaurants that are theirs: ids, comma-separated."},
	{HeaderSessionID, "The login session."},
	{HeaderAccessToken, "In an answer: the renewed token."},
	{HeaderIdempotency, "A diner's key: the same key is the same booking."},
	{HeaderEventID, "Of a mail: the outbox event it tells of."},
	{HeaderRegion, "Asked for by the page."},
	{HeaderEdgeRegion, "Decided by the edge: an AWS region id (CloudFront forbids x-edge-*)."},
	{HeaderCountry, "Where the diner is, as CloudFront sees it."},
}

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
